# SPDX-License-Identifier: Apache-2.0
"""The load that runs while the server is killed again and again; its entry is load.py, see there."""
