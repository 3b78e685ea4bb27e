#pragma once

#include <optional>

#include "core/dns/types.h"

/// A walk over the bytes of any DNS message, for messages that are passed on and not understood.
/// Nothing outside of the given bytes is read, whatever they hold. Names are only skipped, never
/// followed, so a loop of compression pointers is as good as any other name.
namespace hitless::dns {

inline constexpr std::uint16_t kFlagResponse = 0x8000;
inline constexpr std::uint16_t kFlagOpcode = 0x7800;
inline constexpr std::uint16_t kFlagAuthoritative = 0x0400;
inline constexpr std::uint16_t kFlagTruncated = 0x0200;
inline constexpr std::uint16_t kFlagRecursionDesired = 0x0100;
inline constexpr std::uint16_t kFlagRecursionAvailable = 0x0080;
inline constexpr std::uint16_t kFlagAuthenticData = 0x0020;
inline constexpr std::uint16_t kFlagCheckingDisabled = 0x0010;
inline constexpr std::uint16_t kRcodeMask = 0x000f;

/// Where the flags and the four counts lie in a header (RFC 1035 4.1.1).
inline constexpr std::size_t kFlagsAt = 2;
inline constexpr std::size_t kQuestionCountAt = 4;
inline constexpr std::size_t kAnswerCountAt = 6;

enum class Section : std::uint8_t { kAnswer, kAuthority, kAdditional };

/// Where a record lies in its message. Offsets are in bytes from the message's begin.
struct RecordPlace {
  Section section = Section::kAnswer;
  std::size_t begin = 0;
  std::size_t head = 0;  ///< After the owner's name: type, class, TTL, length of the data.
  std::size_t end = 0;
  Type type = Type::kA;
  std::uint16_t klass = 0;
  std::uint32_t ttl = 0;  ///< Seconds; a value with the highest bit set counts as 0 (RFC 2181 8).

  std::size_t ttlAt() const { return head + 4; }
  std::size_t dataAt() const { return head + 10; }
};

/// Goes over the records of a message, one after the other.
class RecordWalk {
 public:
  explicit RecordWalk(ByteView message);
  /// The next record; nullopt after the last one, and where the message is broken.
  std::optional<RecordPlace> next();
  bool broken() const { return broken_; }
  /// Where the questions end.
  std::size_t questionEnd() const { return questionEnd_; }

 private:
  std::optional<RecordPlace> fail();

  ByteView message_;
  std::size_t at_ = kHeaderSize;
  std::size_t questionEnd_ = kHeaderSize;
  unsigned section_ = 0;
  unsigned left_ = 0;
  bool broken_ = false;
};

/// What must be known of an upstream's reply to keep it and to pass it on.
struct ReplySummary {
  std::uint16_t rcode = 0;  ///< With the upper bits that an OPT record holds (RFC 6891 6.1.3).
  bool truncated = false;
  bool hasOpt = false;
  /// Where the question section ends.
  std::size_t questionEnd = 0;
  /// The records that may be kept end here. Behind it lie the records that belong to one exchange
  /// only (OPT, TSIG), and any that follow these: what they point to would move.
  std::size_t end = 0;
  std::uint16_t counts[3] = {};  ///< Records before `end`, by section.
  /// The smallest TTL of the kept records; nullopt if there are none.
  std::optional<std::uint32_t> ttl;
  /// min(TTL, MINIMUM) of the authority section's SOA: how long a denial holds (RFC 2308 5).
  std::optional<std::uint32_t> denialTtl;
  /// The answer section holds a record of the type asked for (or any, for ANY).
  bool answersType = false;
};

/// nullopt if the message is broken, no response, or has not exactly one question.
std::optional<ReplySummary> summarize(ByteView reply);

/// True if `reply` is a response to the one question, given as the bytes of the question section:
/// name (in the same case: RFC 5452 9.1, draft-vixie-dnsext-dns0x20), type and class.
bool echoesQuestion(ByteView reply, ByteView question);

/// How much of a message can be sent.
struct Fit {
  std::size_t size = 0;
  std::uint16_t counts[3] = {};
  bool truncated = false;  ///< Something was left out that the asker needs: set TC.
};
/// The longest head of whole records of `message` within `limit` bytes. Additional records go
/// first and silently (RFC 2181 9). If that is not enough the authority section goes, then answers
/// from the end, and it counts as truncated: what is left still serves those who never ask again by
/// TCP. `message` must have been summarized, and end where its records do.
Fit fitRecords(ByteView message, std::size_t limit);

}  // namespace hitless::dns
