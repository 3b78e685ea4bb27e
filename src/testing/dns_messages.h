#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/ip.h"
#include "core/dns/name.h"
#include "core/dns/packet.h"
#include "core/dns/query.h"

/// DNS messages for tests, and what is in them.
namespace hitless::testing {

using Bytes = std::vector<std::uint8_t>;

inline void put16(Bytes& out, std::uint32_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}
inline void put32(Bytes& out, std::uint32_t value) {
  put16(out, value >> 16);
  put16(out, value & 0xffff);
}
/// "Web.example." as labels, in the case that it is written in.
inline void putName(Bytes& out, std::string_view name) {
  while (!name.empty() && name != ".") {
    const std::string_view label = name.substr(0, name.find('.'));
    out.push_back(static_cast<std::uint8_t>(label.size()));
    out.insert(out.end(), label.begin(), label.end());
    name.remove_prefix(std::min(name.size(), label.size() + 1));
  }
  out.push_back(0);
}

struct DnsAsk {
  std::string name;
  dns::Type type = dns::Type::kA;
  std::uint16_t id = 0x1234;
  std::uint16_t flags = dns::kFlagRecursionDesired;
  int edns = -1;  ///< The payload that an OPT record tells; -1: none.
  bool dnssecOk = false;
  std::uint16_t klass = 1;
};

inline void putOpt(Bytes& out, std::uint32_t payload, bool dnssecOk, std::uint32_t upperRcode = 0) {
  out.push_back(0);
  put16(out, 41);
  put16(out, payload);
  put32(out, upperRcode << 24 | (dnssecOk ? 0x8000U : 0U));
  put16(out, 0);
}

inline Bytes message(const DnsAsk& ask) {
  Bytes out;
  for (const std::uint32_t number :
       {std::uint32_t{ask.id}, std::uint32_t{ask.flags}, 1U, 0U, 0U, ask.edns >= 0 ? 1U : 0U}) {
    put16(out, number);
  }
  putName(out, ask.name);
  put16(out, static_cast<std::uint16_t>(ask.type));
  put16(out, ask.klass);
  if (ask.edns >= 0) {
    putOpt(out, static_cast<std::uint32_t>(ask.edns), ask.dnssecOk);
  }
  return out;
}

/// A query and the bytes that it points into.
struct AskedQuery {
  explicit AskedQuery(const DnsAsk& ask) : bytes(message(ask)) {
    fault = dns::parseQuery(bytes, query);
  }
  Bytes bytes;
  dns::Query query;
  dns::QueryFault fault;
};

struct DnsRecord {
  std::string owner;  ///< "" is a pointer to the question's name.
  dns::Type type = dns::Type::kA;
  std::uint32_t ttl = 300;
  Bytes data;
};
inline DnsRecord a(std::uint32_t ttl, std::string_view address, std::string owner = "") {
  const auto ip = IpAddress::parse(address);
  return {std::move(owner), dns::Type::kA, ttl, {ip->bytes().begin(), ip->bytes().end()}};
}
inline DnsRecord cname(std::uint32_t ttl, std::string_view target) {
  DnsRecord record{"", dns::Type::kCname, ttl, {}};
  putName(record.data, target);
  return record;
}
inline DnsRecord soa(std::uint32_t ttl, std::uint32_t minimum) {
  DnsRecord record{"example.", dns::Type::kSoa, ttl, {}};
  putName(record.data, "ns.example.");
  putName(record.data, "host.example.");
  for (const std::uint32_t number : {1U, 7200U, 1800U, 86400U, minimum}) {
    put32(record.data, number);
  }
  return record;
}

struct DnsReply {
  std::vector<DnsRecord> answers;
  std::vector<DnsRecord> authority = {};
  std::vector<DnsRecord> additional = {};
  dns::Rcode rcode = dns::Rcode::kNoError;
  std::uint16_t flags = dns::kFlagRecursionAvailable;
  bool opt = false;  ///< An OPT record last.
};

/// What a server says to `query` (a whole message): ID and question as there.
inline Bytes reply(dns::ByteView query, const DnsReply& what) {
  const std::size_t end = *dns::skipName(query, dns::kHeaderSize) + 4;
  Bytes out(query.begin(), query.begin() + static_cast<std::ptrdiff_t>(end));
  const auto asked = dns::readU16(query, 2) & (dns::kFlagRecursionDesired | 0x0010);
  dns::writeU16(out, 2,
                static_cast<std::uint16_t>(dns::kFlagResponse | asked | what.flags |
                                           static_cast<std::uint16_t>(what.rcode)));
  dns::writeU16(out, 6, static_cast<std::uint16_t>(what.answers.size()));
  dns::writeU16(out, 8, static_cast<std::uint16_t>(what.authority.size()));
  dns::writeU16(out, 10, static_cast<std::uint16_t>(what.additional.size() + (what.opt ? 1 : 0)));
  for (const auto* section : {&what.answers, &what.authority, &what.additional}) {
    for (const DnsRecord& record : *section) {
      if (record.owner.empty()) {
        put16(out, 0xc00c);
      } else {
        putName(out, record.owner);
      }
      put16(out, static_cast<std::uint16_t>(record.type));
      put16(out, 1);
      put32(out, record.ttl);
      put16(out, static_cast<std::uint32_t>(record.data.size()));
      out.insert(out.end(), record.data.begin(), record.data.end());
    }
  }
  if (what.opt) {
    putOpt(out, 4096, false);
  }
  return out;
}

/// The parts of an answer that tests look at.
struct ReadAnswer {
  explicit ReadAnswer(dns::ByteView bytes) {
    dns::RecordWalk walk(bytes);
    broken = walk.broken();
    if (broken) {
      return;
    }
    id = dns::readU16(bytes, 0);
    flags = dns::readU16(bytes, 2);
    const auto name = bytes.subspan(12, walk.questionEnd() - 16);
    question.assign(name.begin(), name.end());
    while (const auto record = walk.next()) {
      const auto section = static_cast<std::size_t>(record->section);
      if (record->type == dns::Type::kOpt) {
        opt = true;
        dnssecOk = (dns::readU32(bytes, record->ttlAt()) & 0x8000) != 0;
        if (record->end - record->dataAt() == 6) {
          extendedError = dns::readU16(bytes, record->end - 2);
        }
        continue;
      }
      ++counts[section];
      ttls.push_back(dns::readU32(bytes, record->ttlAt()));
    }
    broken = walk.broken();
    size = bytes.size();
  }
  dns::Rcode rcode() const { return static_cast<dns::Rcode>(flags & 0xf); }
  bool truncated() const { return (flags & dns::kFlagTruncated) != 0; }

  bool broken = true;
  std::uint16_t id = 0;
  std::uint16_t flags = 0;
  std::string question;  ///< Wire form, in the case of the answer.
  int counts[3] = {};
  std::vector<std::uint32_t> ttls;
  bool opt = false;
  bool dnssecOk = false;
  int extendedError = -1;
  std::size_t size = 0;
};

/// In an allocation of exactly their size, so that the address sanitizer sees one byte too far.
class ExactBytes {
 public:
  explicit ExactBytes(const Bytes& bytes) : bytes_(new std::uint8_t[bytes.size()]) {
    std::copy(bytes.begin(), bytes.end(), bytes_.get());
    view_ = {bytes_.get(), bytes.size()};
  }
  dns::ByteView view() const { return view_; }

 private:
  std::unique_ptr<std::uint8_t[]> bytes_;
  dns::ByteView view_;
};

}  // namespace hitless::testing
