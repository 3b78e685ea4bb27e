#include "core/dns/packet.h"

#include <algorithm>

#include "core/dns/query.h"

namespace hitless::dns {
namespace {

constexpr std::size_t kRecordHead = 10;
constexpr std::size_t kQuestionTail = 4;
constexpr auto kTsig = static_cast<Type>(250);
constexpr auto kSig = static_cast<Type>(24);
/// Two names of one byte at least, and five numbers.
constexpr std::size_t kLeastSoa = 22;

/// OPT (RFC 6891 6.1.1: "MUST NOT be cached"), TSIG (RFC 8945 5.2), SIG(0) (RFC 2931 3).
bool isOfOneExchange(const RecordPlace& record) {
  return record.section == Section::kAdditional &&
         (record.type == Type::kOpt || record.type == kTsig || record.type == kSig);
}

void addTtl(std::optional<std::uint32_t>& ttl, std::uint32_t more) {
  ttl = std::min(ttl.value_or(more), more);
}

void addRecord(ByteView reply, const RecordPlace& record, Type asked, ReplySummary& summary) {
  summary.end = record.end;
  ++summary.counts[static_cast<std::size_t>(record.section)];
  addTtl(summary.ttl, record.ttl);
  if (record.section == Section::kAnswer && (record.type == asked || asked == Type::kAny)) {
    summary.answersType = true;
  }
  if (record.section == Section::kAuthority && record.type == Type::kSoa &&
      record.end - record.dataAt() >= kLeastSoa) {
    addTtl(summary.denialTtl, std::min(record.ttl, readU32(reply, record.end - 4)));
  }
}

}  // namespace

RecordWalk::RecordWalk(ByteView message) : message_(message) {
  if (message.size() < kHeaderSize) {
    fail();
    return;
  }
  for (unsigned i = readU16(message, kQuestionCountAt); i > 0; --i) {
    const auto afterName = skipName(message, at_);
    if (!afterName || *afterName + kQuestionTail > message.size()) {
      fail();
      return;
    }
    at_ = *afterName + kQuestionTail;
  }
  questionEnd_ = at_;
  left_ = readU16(message, kAnswerCountAt);
}

std::optional<RecordPlace> RecordWalk::fail() {
  broken_ = true;
  left_ = 0;
  section_ = 2;
  return std::nullopt;
}

std::optional<RecordPlace> RecordWalk::next() {
  while (left_ == 0) {
    if (section_ == 2) {
      return std::nullopt;
    }
    ++section_;
    left_ = readU16(message_, kAnswerCountAt + std::size_t{2} * section_);
  }
  const auto head = skipName(message_, at_);
  if (!head || *head + kRecordHead > message_.size()) {
    return fail();
  }
  RecordPlace record;
  record.section = static_cast<Section>(section_);
  record.begin = at_;
  record.head = *head;
  record.end = record.dataAt() + readU16(message_, *head + 8);
  if (record.end > message_.size()) {
    return fail();
  }
  record.type = static_cast<Type>(readU16(message_, *head));
  record.klass = readU16(message_, *head + 2);
  const std::uint32_t ttl = readU32(message_, record.ttlAt());
  record.ttl = ttl > 0x7fffffff ? 0 : ttl;
  at_ = record.end;
  --left_;
  return record;
}

std::optional<ReplySummary> summarize(ByteView reply) {
  RecordWalk walk(reply);
  if (walk.broken() || reply.size() > kMaxMessage || readU16(reply, kQuestionCountAt) != 1) {
    return std::nullopt;
  }
  const std::uint16_t flags = readU16(reply, kFlagsAt);
  if ((flags & kFlagResponse) == 0 || (flags & kFlagOpcode) != 0) {
    return std::nullopt;
  }
  ReplySummary summary;
  summary.rcode = flags & kRcodeMask;
  summary.truncated = (flags & kFlagTruncated) != 0;
  summary.questionEnd = summary.end = walk.questionEnd();
  const auto asked = static_cast<Type>(readU16(reply, summary.questionEnd - kQuestionTail));
  bool keep = true;
  while (const auto record = walk.next()) {
    keep = keep && !isOfOneExchange(*record);
    if (keep) {
      addRecord(reply, *record, asked, summary);
    }
    if (record->section == Section::kAdditional && record->type == Type::kOpt) {
      summary.hasOpt = true;
      summary.rcode |= static_cast<std::uint16_t>(reply[record->ttlAt()] << 4);
    }
  }
  return walk.broken() ? std::nullopt : std::optional(summary);
}

bool echoesQuestion(ByteView reply, ByteView question) {
  return reply.size() >= kHeaderSize + question.size() && (reply[kFlagsAt] & 0x80) != 0 &&
         readU16(reply, kQuestionCountAt) == 1 &&
         std::equal(question.begin(), question.end(), reply.begin() + kHeaderSize);
}

Fit fitRecords(ByteView message, std::size_t limit) {
  RecordWalk walk(message);
  Fit all{message.size(), {}, false};
  Fit part{walk.questionEnd(), {}, true};
  std::size_t required = walk.questionEnd();  // Of answers and authority.
  while (const auto record = walk.next()) {
    const auto section = static_cast<std::size_t>(record->section);
    ++all.counts[section];
    if (record->section != Section::kAdditional) {
      required = record->end;
    }
    if (record->section == Section::kAnswer && record->end <= limit) {
      part.size = record->end;
      ++part.counts[0];
    }
  }
  if (message.size() <= limit) {
    return all;
  }
  if (required <= limit) {
    all.size = required;
    all.counts[2] = 0;
    return all;
  }
  return part;
}

}  // namespace hitless::dns
