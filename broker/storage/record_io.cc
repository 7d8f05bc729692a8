// SPDX-License-Identifier: Apache-2.0
#include "broker/storage/record_io.h"

#include <cstdlib>

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace sluice::storage {
namespace {

/// More than version, numbers, flags and checksum of any record.
constexpr std::size_t kRoomForNumbers = 64;

}  // namespace

std::uint32_t record_checksum(std::span<const std::byte> bytes) {
  return static_cast<std::uint32_t>(XXH3_64bits(bytes.data(), bytes.size()));
}

RecordWriter::RecordWriter(std::string& out, std::uint8_t version, std::size_t texts) : out_(out) {
  // Not cleared before: only what a shorter value did not have is filled with zeros.
  out_.resize(kRoomForNumbers + texts);
  at_ = begin();
  u8(version);
}

void RecordWriter::finish() {
  const auto written = static_cast<std::size_t>(at_ - begin());
  if (written + kChecksumBytes > out_.size()) fail();
  u32(record_checksum({begin(), written}));
  out_.resize(written + kChecksumBytes);
}

void RecordWriter::fail() { std::abort(); }

void RecordReader::open(std::span<const std::byte> bytes, std::uint8_t version) {
  // The version comes first: a later one may sum up or end differently.
  if (!bytes.empty() && bytes.front() != std::byte{version}) return fail(RecordErrc::UnknownVersion);
  if (bytes.size() < 1 + kChecksumBytes) return fail(RecordErrc::Truncated);
  const std::span<const std::byte> summed = bytes.first(bytes.size() - kChecksumBytes);
  if (record_checksum(summed) != load_u32(summed.data() + summed.size())) return fail(RecordErrc::BadChecksum);
  left_ = ByteReader(summed.subspan(1));
}

void RecordReader::fail(RecordErrc error) {
  if (error_) return;
  error_ = error;
  left_ = ByteReader({});
}

std::uint8_t RecordReader::u8() {
  std::uint8_t value = 0;
  if (!left_.read_u8(value)) fail(RecordErrc::Truncated);
  return value;
}

std::uint16_t RecordReader::u16() {
  std::uint16_t value = 0;
  if (!left_.read_u16(value)) fail(RecordErrc::Truncated);
  return value;
}

std::uint32_t RecordReader::u32() {
  std::uint32_t value = 0;
  if (!left_.read_u32(value)) fail(RecordErrc::Truncated);
  return value;
}

std::uint64_t RecordReader::u64() {
  std::span<const std::byte> bytes;
  if (left_.read_bytes(8, bytes)) return load_u64(bytes.data());
  fail(RecordErrc::Truncated);
  return 0;
}

std::uint32_t RecordReader::varint() {
  std::uint32_t value = 0;
  const VarintStatus status = left_.read_varint(value);
  if (status != VarintStatus::Ok) {
    fail(status == VarintStatus::Incomplete ? RecordErrc::Truncated : RecordErrc::Malformed);
  }
  return value;
}

std::span<const std::byte> RecordReader::text() {
  std::span<const std::byte> bytes;
  if (!left_.read_bytes(varint(), bytes)) fail(RecordErrc::Truncated);
  return bytes;
}

std::span<const std::byte> RecordReader::present_text() {
  const std::span<const std::byte> bytes = text();
  require(!bytes.empty());
  return bytes;
}

std::string_view RecordReader::topic() {
  const std::string_view characters = this->characters();
  require(characters.size() <= 0xFFFF);
  return characters;
}

}  // namespace sluice::storage
