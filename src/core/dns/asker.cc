#include "core/dns/asker.h"

#include <algorithm>

#include "core/dns/packet.h"

namespace hitless::dns {
namespace {

constexpr std::size_t kOptSize = 11;
constexpr std::size_t kErrorOptionSize = 6;
constexpr std::uint16_t kErrorOption = 15;
constexpr std::uint16_t kDnssecOk = 0x8000;

}  // namespace

Asker askerOf(const Query& query, Transport transport) {
  Asker asker;
  asker.id = query.id;
  asker.recursionDesired = query.recursionDesired;
  asker.checkingDisabled = query.checkingDisabled;
  asker.authenticData = query.authenticData;
  asker.edns = query.edns.has_value();
  asker.dnssecOk = query.edns && query.edns->dnssecOk;
  asker.limit = query.limit(transport);
  asker.question = query.questionBytes;
  return asker;
}

std::size_t optSize(const Asker& asker, ExtendedError why) {
  if (!asker.edns) {
    return 0;
  }
  return kOptSize + (why == ExtendedError::kNone ? 0 : kErrorOptionSize);
}

void writeOpt(const Asker& asker, ExtendedError why, std::span<std::uint8_t> out,
              std::uint8_t upperRcode) {
  if (!asker.edns) {
    return;
  }
  const bool tell = why != ExtendedError::kNone;
  out[0] = 0;
  writeU16(out, 1, static_cast<std::uint16_t>(Type::kOpt));
  writeU16(out, 3, kMaxUdpSize);
  writeU16(out, 5, static_cast<std::uint16_t>(upperRcode << 8));
  writeU16(out, 7, asker.dnssecOk ? kDnssecOk : 0);
  writeU16(out, 9, tell ? kErrorOptionSize : 0);
  if (tell) {
    writeU16(out, 11, kErrorOption);
    writeU16(out, 13, 2);
    writeU16(out, 15, static_cast<std::uint16_t>(why));
  }
}

std::size_t writeError(const Asker& asker, Rcode rcode, ExtendedError why,
                       std::span<std::uint8_t> out) {
  const std::size_t end = kHeaderSize + asker.question.size();
  const std::size_t opt = optSize(asker, why);
  if (end + opt > out.size()) {
    return 0;
  }
  std::fill_n(out.begin(), kHeaderSize, std::uint8_t{0});
  writeU16(out, 0, asker.id);
  writeU16(out, kFlagsAt,
           static_cast<std::uint16_t>(
               kFlagResponse | (asker.recursionDesired ? kFlagRecursionDesired : 0) |
               kFlagRecursionAvailable | (asker.checkingDisabled ? kFlagCheckingDisabled : 0) |
               static_cast<std::uint16_t>(rcode)));
  writeU16(out, kQuestionCountAt, 1);
  writeU16(out, kHeaderSize - 2, opt == 0 ? 0 : 1);
  std::copy(asker.question.begin(), asker.question.end(), out.begin() + kHeaderSize);
  writeOpt(asker, why, out.subspan(end));
  return end + opt;
}

}  // namespace hitless::dns
