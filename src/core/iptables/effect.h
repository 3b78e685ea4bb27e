#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "core/iptables/packet.h"
#include "core/iptables/rule.h"

/// What a target does to a packet.
namespace hitless::iptables {

struct Effect {
  enum class Kind {
    kContinue,   ///< Looks, counts or changes; the next rule follows.
    kAccept,     ///< Ends the table at this hook.
    kDrop,       ///< Ends the packet.
    kReject,     ///< Ends it with an answer.
    kReturn,     ///< Back to where the chain was called.
    kJump,       ///< To a chain of the table.
    kGoto,       ///< To a chain that does not come back here.
    kTranslate,  ///< Changes addresses, and ends the table as kAccept does.
    kSteal,      ///< A process decides: NFQUEUE, TPROXY, SYNPROXY.
    kUnknown,    ///< Nobody knows what the target does.
  };
  Kind kind = Kind::kContinue;
  std::string says;  ///< "DNAT to 10.0.0.1:80", "mark 0x4000/0x4000": for a person.
  std::function<void(Packet&)> change;  ///< Empty: the packet stays as it is.
};

/// `chain` says whether the target is a chain of the table.
Effect effectOf(const Rule& rule, bool chain);
/// Of DNAT, SNAT, MASQUERADE, REDIRECT and NETMAP.
Effect translationOf(const Rule& rule);

}  // namespace hitless::iptables
