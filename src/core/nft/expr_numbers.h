#pragma once

#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_tuple_common.h>
#include <linux/netfilter/nf_tables.h>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>

#include "core/nft/expr.h"

/// The kernel's numbers for what expressions name: for the codec only.
namespace hitless::nft {

/// Aligned words have a 128-bit register's number: that is how the kernel reports them.
inline std::uint32_t numberOf(Register reg) {
  return reg.word % 4 == 0 ? NFT_REG_1 + reg.word / 4U : NFT_REG32_00 + std::uint32_t{reg.word};
}

inline std::optional<Register> registerOf(std::optional<std::uint32_t> number) {
  if (!number) {
    return std::nullopt;
  }
  if (*number >= NFT_REG_1 && *number <= NFT_REG_4) {
    return Register{static_cast<std::uint8_t>((*number - NFT_REG_1) * 4)};
  }
  if (*number >= NFT_REG32_00 && *number <= NFT_REG32_15) {
    return Register{static_cast<std::uint8_t>(*number - NFT_REG32_00)};
  }
  return std::nullopt;
}

/// A row per value: ours and the kernel's number.
template <class Enum>
struct Row {
  Enum ours;
  std::uint32_t kernel;
};
inline constexpr std::array<Row<MetaKey>, 7> kMetaKeys = {
    {{MetaKey::kNfproto, NFT_META_NFPROTO},
     {MetaKey::kL4Proto, NFT_META_L4PROTO},
     {MetaKey::kInputName, NFT_META_IIFNAME},
     {MetaKey::kMark, NFT_META_MARK},
     {MetaKey::kOutputName, NFT_META_OIFNAME},
     {MetaKey::kSocketUser, NFT_META_SKUID},
     {MetaKey::kPriority, NFT_META_PRIORITY}}};
inline constexpr std::array<Row<PayloadBase>, 2> kBases = {
    {{PayloadBase::kNetwork, NFT_PAYLOAD_NETWORK_HEADER},
     {PayloadBase::kTransport, NFT_PAYLOAD_TRANSPORT_HEADER}}};
/// A property of a connection, and of which direction's packets: IP_CT_DIR_*.
struct CtRow {
  CtKey ours;
  std::uint32_t kernel;
  std::optional<std::uint8_t> direction = {};
};
inline constexpr std::uint8_t kOriginal = IP_CT_DIR_ORIGINAL;
inline constexpr std::uint8_t kReply = IP_CT_DIR_REPLY;
inline constexpr std::array<CtRow, 12> kCtKeys = {
    {{CtKey::kState, NFT_CT_STATE},
     {CtKey::kStatus, NFT_CT_STATUS},
     {CtKey::kDirection, NFT_CT_DIRECTION},
     {CtKey::kOriginalSourceV4, NFT_CT_SRC_IP, kOriginal},
     {CtKey::kOriginalSourceV6, NFT_CT_SRC_IP6, kOriginal},
     {CtKey::kOriginalDestinationV4, NFT_CT_DST_IP, kOriginal},
     {CtKey::kOriginalDestinationV6, NFT_CT_DST_IP6, kOriginal},
     {CtKey::kOriginalDestinationPort, NFT_CT_PROTO_DST, kOriginal},
     {CtKey::kReplySourceV4, NFT_CT_SRC_IP, kReply},
     {CtKey::kReplySourceV6, NFT_CT_SRC_IP6, kReply},
     {CtKey::kReplySourcePort, NFT_CT_PROTO_SRC, kReply},
     {CtKey::kLabels, NFT_CT_LABELS}}};
/// By Reject::With; a reset has no code.
inline constexpr std::array<Row<Reject::With>, 3> kUnreachables = {
    {{Reject::With::kPortUnreachable, NFT_REJECT_ICMPX_PORT_UNREACH},
     {Reject::With::kTcpReset, std::numeric_limits<std::uint32_t>::max()},
     {Reject::With::kAdminProhibited, NFT_REJECT_ICMPX_ADMIN_PROHIBITED}}};
inline constexpr std::array<Row<CmpOp>, 2> kCmpOps = {
    {{CmpOp::kEqual, NFT_CMP_EQ}, {CmpOp::kNotEqual, NFT_CMP_NEQ}}};
inline constexpr std::array<Row<IpFamily>, 2> kFamilies = {
    {{IpFamily::kV4, NFPROTO_IPV4}, {IpFamily::kV6, NFPROTO_IPV6}}};
inline constexpr std::array<Row<VerdictKind>, 5> kVerdicts = {
    {{VerdictKind::kAccept, NF_ACCEPT},
     {VerdictKind::kDrop, NF_DROP},
     {VerdictKind::kReturn, static_cast<std::uint32_t>(NFT_RETURN)},
     {VerdictKind::kJump, static_cast<std::uint32_t>(NFT_JUMP)},
     {VerdictKind::kGoto, static_cast<std::uint32_t>(NFT_GOTO)}}};

template <class Enum, std::size_t N>
std::uint32_t toKernel(const std::array<Row<Enum>, N>& rows, Enum value) {
  return rows[static_cast<std::size_t>(value)].kernel;
}
template <class Enum, std::size_t N>
std::optional<Enum> fromKernel(const std::array<Row<Enum>, N>& rows,
                               std::optional<std::uint32_t> value) {
  for (const auto& row : rows) {
    if (value && row.kernel == *value) {
      return row.ours;
    }
  }
  return std::nullopt;
}

}  // namespace hitless::nft
