# SPDX-License-Identifier: Apache-2.0
"""Disks that fail when a test asks for it, and what the tests of them share."""
