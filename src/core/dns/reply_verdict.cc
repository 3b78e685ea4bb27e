#include "core/dns/reply_verdict.h"

#include <algorithm>

namespace hitless::dns {
namespace {

bool saysNoEdns(Rcode rcode) {
  return rcode == Rcode::kFormErr || rcode == Rcode::kNotImp;
}

bool isBareRefusal(ByteView reply) {
  const std::uint16_t flags = readU16(reply, kFlagsAt);
  return (flags & kFlagResponse) != 0 && readU16(reply, kQuestionCountAt) == 0 &&
         saysNoEdns(static_cast<Rcode>(flags & kRcodeMask));
}

}  // namespace

Judgement judge(ByteView reply, const Flight& flight, const ForwardOptions& options) {
  if (reply.size() < kHeaderSize || readU16(reply, 0) != flight.messageId) {
    return {};
  }
  if (!echoesQuestion(reply, flight.question.section)) {
    return {isBareRefusal(reply) && !flight.plain ? Verdict::kAskPlain : Verdict::kIgnore, {}};
  }
  auto summary = summarize(reply);
  if (!summary) {
    return {Verdict::kBroken, {}};
  }
  const auto rcode = static_cast<Rcode>(summary->rcode);
  if (!flight.plain && ((saysNoEdns(rcode) && !summary->hasOpt) || rcode == Rcode::kBadVers)) {
    return {Verdict::kAskPlain, {}};
  }
  if (summary->rcode > kRcodeMask) {
    return {Verdict::kBroken, {}};  // It speaks of our OPT record, which is not the asker's.
  }
  if (summary->truncated && flight.via == Transport::kUdp) {
    return {Verdict::kAskByTcp, summary};
  }
  const bool elsewhere =
      std::find(options.failover.begin(), options.failover.end(), rcode) != options.failover.end();
  return {elsewhere ? Verdict::kTryOthers : Verdict::kAnswer, summary};
}

}  // namespace hitless::dns
