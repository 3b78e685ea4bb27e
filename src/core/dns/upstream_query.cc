#include "core/dns/upstream_query.h"

#include "core/dns/asker.h"

namespace hitless::dns {

std::vector<std::uint8_t> upstreamQuery(const UpstreamQuestion& question, std::uint16_t id,
                                        bool plain) {
  Asker us;
  us.edns = !plain;
  us.dnssecOk = question.dnssecOk;
  const std::size_t end = kHeaderSize + question.section.size();
  std::vector<std::uint8_t> out(end + optSize(us, ExtendedError::kNone));
  writeU16(out, 0, id);
  writeU16(out, kFlagsAt,
           static_cast<std::uint16_t>((question.recursionDesired ? kFlagRecursionDesired : 0) |
                                      (question.checkingDisabled ? kFlagCheckingDisabled : 0) |
                                      (plain ? 0 : kFlagAuthenticData)));
  writeU16(out, kQuestionCountAt, 1);
  writeU16(out, kHeaderSize - 2, plain ? 0 : 1);
  std::copy(question.section.begin(), question.section.end(), out.begin() + kHeaderSize);
  writeOpt(us, ExtendedError::kNone, std::span(out).subspan(end));
  return out;
}

std::vector<std::uint8_t> probeQuery(std::uint16_t id) {
  UpstreamQuestion rootServers;
  rootServers.section = {0, 0, static_cast<std::uint8_t>(Type::kNs), 0, 1};
  rootServers.recursionDesired = true;
  return upstreamQuery(rootServers, id, true);
}

}  // namespace hitless::dns
