// SPDX-License-Identifier: Apache-2.0
// disk_forge FOLDER: makes a store look as if a later version had written it.
#include <cstdio>
#include <string>

#include "broker/storage/record_format.h"
#include "broker/storage/rocksdb_store.h"

int main(int argc, char** argv) {
  using namespace sluice::storage;
  if (argc != 2) return 2;
  StoreStatus status;
  const auto store = RocksDbStore::open({.folder = argv[1]}, status);
  if (store == nullptr) {
    std::fprintf(stderr, "%s\n", status.text().c_str());
    return 1;
  }
  std::string value;
  encode(StoreRecord{.format = kFormat + 1, .starts = 1, .next_session = 0, .next_message = 0}, value);
  WriteBatch batch;
  batch.put(Table::Meta, "store", value);
  const WriteBatch* const batches[] = {&batch};
  return store->write(batches, Durability::Power).ok() ? 0 : 1;
}
