#include "core/nft/wire.h"

#include <linux/netfilter.h>
#include <linux/netfilter/nfnetlink.h>

namespace hitless::nft::wire {
namespace {

constexpr unsigned kTypeBits = 6;
constexpr std::array<FieldType, 5> kAllFields = {FieldType::kIpv4Addr, FieldType::kIpv6Addr,
                                                 FieldType::kInetProto, FieldType::kInetService,
                                                 FieldType::kMark};
/// By HookPoint.
constexpr std::array<std::uint32_t, 5> kHooks = {NF_INET_PRE_ROUTING, NF_INET_LOCAL_IN,
                                                 NF_INET_FORWARD, NF_INET_LOCAL_OUT,
                                                 NF_INET_POST_ROUTING};
/// By HookType.
constexpr std::array<std::string_view, 3> kHookTypes = {"filter", "nat", "route"};

}  // namespace

std::uint16_t messageType(std::uint16_t message) {
  return static_cast<std::uint16_t>(NFNL_SUBSYS_NFTABLES << 8 | message);
}

std::uint32_t hookNumber(HookPoint point) {
  return kHooks[static_cast<std::size_t>(point)];
}

std::optional<HookPoint> hookPoint(std::uint32_t number) {
  for (std::size_t i = 0; i < kHooks.size(); ++i) {
    if (kHooks[i] == number) {
      return static_cast<HookPoint>(i);
    }
  }
  return std::nullopt;
}

std::string_view hookTypeName(HookType type) {
  return kHookTypes[static_cast<std::size_t>(type)];
}

std::optional<HookType> hookType(std::string_view name) {
  for (std::size_t i = 0; i < kHookTypes.size(); ++i) {
    if (kHookTypes[i] == name) {
      return static_cast<HookType>(i);
    }
  }
  return std::nullopt;
}

std::uint32_t typeNumber(const std::vector<FieldType>& fields) {
  std::uint32_t number = 0;
  for (const FieldType field : fields) {
    number = number << kTypeBits | info(field).number;
  }
  return number;
}

std::vector<FieldType> fieldTypes(std::uint32_t number) {
  std::vector<FieldType> fields;
  for (; number != 0; number >>= kTypeBits) {
    const std::uint32_t low = number & ((1U << kTypeBits) - 1);
    const auto before = fields.size();
    for (const FieldType field : kAllFields) {
      if (info(field).number == low) {
        fields.insert(fields.begin(), field);
      }
    }
    if (fields.size() == before) {
      return {};
    }
  }
  return fields;
}

}  // namespace hitless::nft::wire
