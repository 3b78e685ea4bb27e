#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "core/nft/datum.h"

/// The expressions of nf_tables that we write, one struct each, with the kernel's own operands. A
/// rule is a sequence of them; each may end the rule ("no match").
namespace hitless::nft {

/// One of the sixteen 32-bit words of the kernel's register file.
struct Register {
  std::uint8_t word = 0;
  bool operator==(const Register&) const = default;
};

enum class VerdictKind { kAccept, kDrop, kReturn, kJump, kGoto };
struct Verdict {
  VerdictKind kind = VerdictKind::kReturn;
  std::string chain;  ///< Of kJump and kGoto.
  bool operator==(const Verdict&) const = default;
};

enum class MetaKey {
  kNfproto,
  kL4Proto,
  kInputName,
  kMark,
  kOutputName,
  /// Who opened the socket that sends the packet, as the user namespace of the network has it; the
  /// rule ends where no socket of this machine does.
  kSocketUser,
  kPriority,  ///< SO_PRIORITY of the socket that sends it.
};
/// Loads a property of the packet.
struct Meta {
  MetaKey key = MetaKey::kNfproto;
  Register to;
  bool operator==(const Meta&) const = default;
};

enum class PayloadBase { kNetwork, kTransport };
/// Loads bytes of a header.
struct Payload {
  PayloadBase base = PayloadBase::kNetwork;
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  Register to;
  bool operator==(const Payload&) const = default;
};

/// Writes bytes of the transport header, and corrects the Internet checksum (RFC 1071) of that
/// header.
struct WriteTransport {
  std::uint32_t offset = 0;
  std::uint32_t length = 0;
  std::uint32_t checksum = 0;  ///< Where the checksum is.
  Register from;
  bool operator==(const WriteTransport&) const = default;
};

/// Loads bytes that are the same for every packet.
struct Constant {
  Register to;
  Datum value;
  bool operator==(const Constant&) const = default;
};

enum class CtKey {
  kState,
  kStatus,
  kDirection,  ///< One byte: IP_CT_DIR_ORIGINAL or IP_CT_DIR_REPLY.
  kOriginalSourceV4,
  kOriginalSourceV6,
  kOriginalDestinationV4,
  kOriginalDestinationV6,
  kOriginalDestinationPort,
  kReplySourceV4,  ///< Where the connection goes to, after translation.
  kReplySourceV6,
  kReplySourcePort,
  kLabels,  ///< 128 bits: Datum::labels().
};
/// Loads a property of the packet's connection.
struct Ct {
  CtKey key = CtKey::kState;
  Register to;
  bool operator==(const Ct&) const = default;
};

/// Sets those of a connection's labels that the register has set, and leaves the others. Only
/// connections have labels that began when some rule in the network namespace could set one.
struct AddLabels {
  Register from;
  bool operator==(const AddLabels&) const = default;
};

/// Loads the kind of the packet's source address, RTN_* of linux/rtnetlink.h.
struct SourceType {
  Register to;
  bool operator==(const SourceType&) const = default;
};

enum class CmpOp { kEqual, kNotEqual };
struct Cmp {
  CmpOp op = CmpOp::kEqual;
  Register from;
  Datum value;
  bool operator==(const Cmp&) const = default;
};

/// to = from & mask ^ flip
struct Mask {
  Register from;
  Register to;
  Datum mask;
  Datum flip = {};  ///< Empty: zeros.
  bool operator==(const Mask&) const = default;
};

/// Writes the packet's mark.
struct SetMark {
  Register from;
  bool operator==(const SetMark&) const = default;
};

/// Keeps connection tracking, and with it address translation, away from the packet. Counts before
/// tracking's own hook, at priority -200.
struct NoTrack {
  bool operator==(const NoTrack&) const = default;
};

/// Looks a key up. In a set or map it can match when the key is there, or when it is not; in a map
/// it can load the value; in a verdict map it acts.
struct Lookup {
  enum class Result { kMatch, kNoMatch, kValue, kVerdict };
  std::string set;
  Register from;
  Result result = Result::kMatch;
  Register to;  ///< Of kValue.
  bool operator==(const Lookup&) const = default;
};

/// Loads a uniform random number in [offset, offset + modulus). Modulus 1 gives a constant, in a
/// way that nft can list as part of a concatenation.
struct RandomNumber {
  std::uint32_t modulus = 1;
  std::uint32_t offset = 0;
  Register to;
  bool operator==(const RandomNumber&) const = default;
};

/// Puts an element into a dynamic map, or renews its time-out and value.
struct UpdateMap {
  std::string map;
  Register key;
  Register value;
  std::uint64_t timeout = 0;  ///< milliseconds
  bool operator==(const UpdateMap&) const = default;
};

/// Rewrites destination address and port and ends the packet's way through this hook.
struct Dnat {
  IpFamily family = IpFamily::kV4;
  Register address;
  std::optional<Register> port;  ///< nullopt: the port stays, whatever the protocol.
  bool operator==(const Dnat&) const = default;
};

/// Rewrites the destination to this machine: to the address of the interface that the packet came
/// in through, or to the loopback address for what the machine itself sends.
struct Redirect {
  Register port;
  bool operator==(const Redirect&) const = default;
};

/// Rewrites the source to the address of the outgoing interface, with a random port.
struct Masquerade {
  bool operator==(const Masquerade&) const = default;
};

/// Copies the packet to whoever listens to an nfnetlink_log group, at once.
struct Log {
  std::uint16_t group = 0;
  std::uint32_t snaplen = 0;  ///< At most so many bytes, from the network header on.
  bool operator==(const Log&) const = default;
};

/// Answers and drops.
struct Reject {
  /// kTcpReset needs TCP; the others are ICMP or ICMPv6, whichever fits the packet.
  enum class With { kPortUnreachable, kTcpReset, kAdminProhibited };
  With with = With::kPortUnreachable;
  bool operator==(const Reject&) const = default;
};

struct Act {
  Verdict verdict;
  bool operator==(const Act&) const = default;
};

/// Something in the kernel that we did not write.
struct Foreign {
  std::string name;
  bool operator==(const Foreign&) const = default;
};

using Expr = std::variant<Meta, Payload, WriteTransport, Constant, Ct, AddLabels, SourceType, Cmp,
                          Mask, SetMark, NoTrack, Lookup, RandomNumber, UpdateMap, Dnat, Redirect,
                          Masquerade, Log, Reject, Act, Foreign>;

struct Rule {
  std::vector<Expr> exprs;
  std::string comment;  ///< At most 128 bytes.
  bool operator==(const Rule&) const = default;
};

}  // namespace hitless::nft
