#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>

#include "core/netlink/message.h"

namespace hitless::nft {

/// What a register of a rule holds when it is compared: where it was loaded from, and the bits of
/// it that count.
struct Source {
  enum class Kind { kNone, kPayload, kMeta, kOther };
  Kind kind = Kind::kNone;
  std::uint32_t base = 0;  ///< NFT_PAYLOAD_*
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::uint32_t key = 0;     ///< NFT_META_*
  netlink::Bytes mask = {};  ///< Empty: all bits.
  std::string hint = {};     ///< In nft's words, roughly: what a person sees where we have none.
};

/// The registers of one rule, expression by expression.
class Registers {
 public:
  /// True if the expression loads or changes a register, and does nothing else.
  bool take(std::string_view expression, const netlink::Attributes& data);
  Source at(std::uint32_t number) const;

 private:
  bool takeBitwise(const netlink::Attributes& data);
  void set(std::uint32_t number, Source source);

  std::map<std::uint32_t, Source> sources_;
};

/// The upper protocol, however it was loaded.
bool isProtocol(const Source& source, std::uint8_t family);

/// "0a2b"
std::string hex(netlink::ByteView bytes);

}  // namespace hitless::nft
