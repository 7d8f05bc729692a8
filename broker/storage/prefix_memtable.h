// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <rocksdb/memtablerep.h>

namespace sluice::storage {

/// A write buffer for keys that begin with eight bytes of which many keys share the same, as queues do: a session's id
/// before the message's place. Putting in costs one look-up of a hash table, where a skip list compares with twenty
/// keys all over the buffer; reading sorts the keys of one prefix when it comes to them. Made for a table that is
/// written to all the time and hardly ever read.
/// One thread puts in (allow_concurrent_memtable_write = false); any threads read meanwhile, without holding it up.
std::shared_ptr<rocksdb::MemTableRepFactory> make_prefix_memtable_factory();

}  // namespace sluice::storage
