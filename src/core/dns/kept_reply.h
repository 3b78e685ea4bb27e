#pragma once

#include <memory>
#include <optional>
#include <string_view>

#include "core/dns/asker.h"
#include "core/dns/packet.h"

namespace hitless::dns {

/// An upstream's reply in the form in which it is kept and given to any number of askers: its bytes
/// without OPT, the question in lower case, and where its TTLs lie. One allocation.
class KeptReply {
 public:
  /// Holds nothing; only good to be assigned to.
  KeptReply() = default;
  /// `summary` must be that of `reply`.
  KeptReply(ByteView reply, const ReplySummary& summary);

  /// The question's name in lower case, wire form.
  std::string_view name() const;
  Type type() const { return static_cast<Type>(readU16(message(), questionEnd_ - 4)); }
  Class klass() const { return static_cast<Class>(readU16(message(), questionEnd_ - 2)); }
  Rcode rcode() const;
  /// Memory on the heap, bytes.
  std::size_t footprint() const { return messageSize_ + std::size_t{2} * ttlCount_; }

  /// Writes the reply for an asker, whose question must differ at most in case: its ID, its RD and
  /// CD, its bytes of the question, AD only if it understands that (RFC 6840 5.7), an OPT record if
  /// it sent one, and as many records as its limit and `out` allow (fitRecords). Every TTL becomes
  /// `ttl` seconds; nullopt leaves them as the upstream sent them. Returns the size; 0 if not even
  /// the question fits.
  std::size_t write(const Asker& asker, std::optional<std::uint32_t> ttl, ExtendedError why,
                    std::span<std::uint8_t> out) const;

 private:
  ByteView message() const { return {bytes_.get(), messageSize_}; }
  void writeHeader(const Asker& asker, const Fit& fit, bool opt, std::span<std::uint8_t> out) const;
  Fit fit(std::size_t limit) const;

  std::unique_ptr<std::uint8_t[]> bytes_;  ///< The message, then its TTLs' offsets, 2 bytes each.
  std::uint16_t messageSize_ = 0;
  std::uint16_t ttlCount_ = 0;
  std::uint16_t questionEnd_ = 0;
};

}  // namespace hitless::dns
