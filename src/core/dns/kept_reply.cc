#include "core/dns/kept_reply.h"

#include <algorithm>
#include <cstring>

namespace hitless::dns {

KeptReply::KeptReply(ByteView reply, const ReplySummary& summary)
    : messageSize_(static_cast<std::uint16_t>(summary.end)),
      ttlCount_(
          static_cast<std::uint16_t>(summary.counts[0] + summary.counts[1] + summary.counts[2])),
      questionEnd_(static_cast<std::uint16_t>(summary.questionEnd)) {
  bytes_ = std::make_unique_for_overwrite<std::uint8_t[]>(footprint());
  const std::span<std::uint8_t> out(bytes_.get(), footprint());
  std::copy_n(reply.begin(), messageSize_, out.begin());
  for (std::size_t section = 0; section < 3; ++section) {
    writeU16(out, kAnswerCountAt + 2 * section, summary.counts[section]);
  }
  for (std::size_t i = kHeaderSize; i < std::size_t{questionEnd_} - 4; ++i) {
    out[i] = static_cast<std::uint8_t>(lowerAscii(static_cast<char>(out[i])));
  }
  RecordWalk walk(message());
  for (std::size_t at = messageSize_; at < out.size(); at += 2) {
    const auto record = walk.next();
    writeU16(out, at, static_cast<std::uint16_t>(record->ttlAt()));
  }
}

std::string_view KeptReply::name() const {
  return {reinterpret_cast<const char*>(bytes_.get()) + kHeaderSize,
          questionEnd_ - kHeaderSize - 4};
}

Rcode KeptReply::rcode() const {
  return static_cast<Rcode>(readU16(message(), kFlagsAt) & kRcodeMask);
}

Fit KeptReply::fit(std::size_t limit) const {
  if (messageSize_ > limit) {
    return fitRecords(message(), limit);
  }
  Fit all{messageSize_, {}, false};
  for (std::size_t section = 0; section < 3; ++section) {
    all.counts[section] = readU16(message(), kAnswerCountAt + 2 * section);
  }
  return all;
}

void KeptReply::writeHeader(const Asker& asker, const Fit& fit, bool opt,
                            std::span<std::uint8_t> out) const {
  std::uint16_t flags = readU16(message(), kFlagsAt);
  flags &= static_cast<std::uint16_t>(~(kFlagRecursionDesired | kFlagCheckingDisabled));
  if (!asker.authenticData && !asker.dnssecOk) {
    flags &= static_cast<std::uint16_t>(~kFlagAuthenticData);
  }
  flags |= asker.recursionDesired ? kFlagRecursionDesired : 0;
  flags |= asker.checkingDisabled ? kFlagCheckingDisabled : 0;
  flags |= fit.truncated ? kFlagTruncated : 0;
  writeU16(out, 0, asker.id);
  writeU16(out, kFlagsAt, flags);
  writeU16(out, kQuestionCountAt, 1);
  for (std::size_t section = 0; section < 3; ++section) {
    writeU16(out, kAnswerCountAt + 2 * section, fit.counts[section]);
  }
  if (opt) {
    writeU16(out, kHeaderSize - 2, static_cast<std::uint16_t>(fit.counts[2] + 1));
  }
}

std::size_t KeptReply::write(const Asker& asker, std::optional<std::uint32_t> ttl,
                             ExtendedError why, std::span<std::uint8_t> out) const {
  const std::size_t limit = std::min(asker.limit, out.size());
  const std::size_t opt = optSize(asker, why);
  if (questionEnd_ + opt > limit || asker.question.size() != questionEnd_ - kHeaderSize) {
    return 0;
  }
  const Fit room = fit(limit - opt);
  std::memcpy(out.data(), bytes_.get(), room.size);
  std::memcpy(out.data() + kHeaderSize, asker.question.data(), asker.question.size());
  writeHeader(asker, room, opt != 0, out);
  if (ttl) {
    const ByteView offsets(bytes_.get() + messageSize_, std::size_t{2} * ttlCount_);
    for (std::size_t i = 0; i < offsets.size(); i += 2) {
      const std::size_t at = readU16(offsets, i);
      if (at >= room.size) {
        break;
      }
      writeU32(out, at, *ttl);
    }
  }
  writeOpt(asker, why, out.subspan(room.size));
  return room.size + opt;
}

}  // namespace hitless::dns
