#include "core/nft/walk_machine.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_conntrack_common.h>
#include <linux/rtnetlink.h>

#include <cstring>
#include <iterator>

#include "core/nft/field_text.h"

namespace hitless::nft {
namespace {

tl::unexpected<Error> cannotFollow(std::string_view what, std::string_view why) {
  return fail(ErrorKind::kUnsupported, fmt::format("cannot follow {}: {}", what, why));
}

std::string keyText(const Set& set, const Element& element) {
  return set.spec.interval ? text::interval(set.spec.key, element.first, element.second.last)
                           : text::datum(set.spec.key, element.first);
}

}  // namespace

WalkMachine::WalkMachine(const Ruleset& ruleset, const WalkPacket& packet)
    : ruleset_(ruleset),
      packet_(packet),
      network_(networkHeader(packet)),
      transport_(transportHeader(packet)) {}

void WalkMachine::store(Register to, std::span<const std::uint8_t> bytes) {
  const std::size_t begin = std::size_t{to.word} * 4;
  for (std::size_t i = 0; i < ((bytes.size() + 3) & ~std::size_t{3}); ++i) {
    if (begin + i < registers_.size()) {
      registers_[begin + i] = i < bytes.size() ? bytes[i] : std::uint8_t{0};
    }
  }
}

void WalkMachine::storeNumber(Register to, std::uint32_t hostNumber) {
  store(to, Datum().number(hostNumber).bytes());
}

Datum WalkMachine::load(Register from, std::size_t size) const {
  const std::size_t begin = std::min(std::size_t{from.word} * 4, registers_.size());
  return Datum(std::span(registers_).subspan(begin, std::min(size, registers_.size() - begin)));
}

Result<const Set*> WalkMachine::setOf(const std::string& name) const {
  const auto it = ruleset_.sets.find(name);
  if (it == ruleset_.sets.end()) {
    return cannotFollow("the look-up in @" + name, "there is no such set");
  }
  if (it->second.spec.dynamic) {
    return cannotFollow("the look-up in @" + name, "packets fill it");
  }
  return &it->second;
}

const Element* WalkMachine::find(const Set& set, const Datum& key) const {
  if (!set.spec.interval) {
    const auto it = set.elements.find(key);
    return it == set.elements.end() ? nullptr : &*it;
  }
  const auto behind = set.elements.upper_bound(key);
  if (behind == set.elements.begin()) {
    return nullptr;
  }
  const Element& element = *std::prev(behind);
  return key <= element.second.last ? &element : nullptr;
}

/// As nft_ct_get_eval() of the kernel's nft_ct.c.
Effect WalkMachine::loadFromConnection(CtKey key, Register to) {
  const auto& ct = packet_.connection;
  const auto port = [&](std::uint16_t number) { store(to, Datum().port(number).bytes()); };
  const auto address = [&](const IpAddress& ip, IpFamily family) -> Effect {
    if (ip.family() != family) {
      return NoMatch{};
    }
    store(to, ip.bytes());
    return {};
  };
  if (key == CtKey::kState) {
    storeNumber(to, ct                  ? ct->state
                    : packet_.untracked ? NF_CT_STATE_UNTRACKED_BIT
                                        : NF_CT_STATE_INVALID_BIT);
    return {};
  }
  if (!ct) {
    return NoMatch{};
  }
  switch (key) {
    case CtKey::kState:
      break;
    case CtKey::kStatus:
      storeNumber(to, ct->status);
      break;
    case CtKey::kDirection:
      store(to, Datum().protocol(ct->reply ? 1 : 0).bytes());
      break;
    case CtKey::kOriginalSourceV4:
      return address(ct->originalSource, IpFamily::kV4);
    case CtKey::kOriginalSourceV6:
      return address(ct->originalSource, IpFamily::kV6);
    case CtKey::kOriginalDestinationV4:
      return address(ct->originalDestination, IpFamily::kV4);
    case CtKey::kOriginalDestinationV6:
      return address(ct->originalDestination, IpFamily::kV6);
    case CtKey::kOriginalDestinationPort:
      port(ct->originalDestinationPort);
      break;
    case CtKey::kReplySourceV4:
      return address(ct->replySource, IpFamily::kV4);
    case CtKey::kReplySourceV6:
      return address(ct->replySource, IpFamily::kV6);
    case CtKey::kReplySourcePort:
      port(ct->replySourcePort);
      break;
    case CtKey::kLabels:
      store(to, ct->labels.bytes());
      break;
  }
  return {};
}

void WalkMachine::addLabels(const Datum& labels) {
  const auto merged = [&](const Datum& old) {
    std::array<std::uint8_t, Datum::kCapacity> bytes{};
    for (std::size_t i = 0; i < std::min(labels.size(), old.size()); ++i) {
      bytes[i] = old.bytes()[i] | labels.bytes()[i];
    }
    return Datum(std::span(bytes).first(old.size()));
  };
  if (packet_.connection) {
    packet_.connection->labels = merged(packet_.connection->labels);
    addedLabels_ = merged(addedLabels_);
  }
}

/// One overload for each expression.
struct WalkEvaluation {
  WalkMachine& m;

  Result<Effect> operator()(const Meta& e) const {
    const WalkPacket& packet = m.packet_;
    switch (e.key) {
      case MetaKey::kNfproto:
        m.store(
            e.to,
            Datum().protocol(packet.family == IpFamily::kV4 ? NFPROTO_IPV4 : NFPROTO_IPV6).bytes());
        break;
      case MetaKey::kL4Proto:
        m.store(e.to, Datum().protocol(packet.protocol).bytes());
        break;
      case MetaKey::kInputName:
        m.store(e.to, interfaceName(packet.inputInterface));
        break;
      case MetaKey::kOutputName:
        m.store(e.to, interfaceName(packet.outputInterface));
        break;
      case MetaKey::kSocketUser:
        if (!packet.socketUser) {
          return Effect{NoMatch{}};
        }
        m.storeNumber(e.to, *packet.socketUser);
        break;
      case MetaKey::kMark:
      case MetaKey::kPriority:
        m.storeNumber(e.to, e.key == MetaKey::kMark ? packet.mark : packet.priority);
        break;
    }
    return Effect{};
  }

  Result<Effect> operator()(const Payload& e) const {
    const WalkHeader& header = e.base == PayloadBase::kNetwork ? m.network_ : m.transport_;
    const auto bytes = header.read(e.offset, e.length);
    if (!bytes) {
      return cannotFollow(text::headerField(e.base, e.offset, e.length),
                          fmt::format("these bytes of the {} header are not known",
                                      e.base == PayloadBase::kNetwork ? "network" : "transport"));
    }
    m.store(e.to, bytes->bytes());
    return Effect{};
  }

  Result<Effect> operator()(const WriteTransport& e) const {
    m.transport_.put(e.offset, m.load(e.from, e.length).bytes());
    return Effect{};
  }

  Result<Effect> operator()(const Constant& e) const {
    m.store(e.to, e.value.bytes());
    return Effect{};
  }

  Result<Effect> operator()(const Ct& e) const { return m.loadFromConnection(e.key, e.to); }

  Result<Effect> operator()(const AddLabels& e) const {
    m.addLabels(m.load(e.from, Datum().labels({}).size()));
    return Effect{};
  }

  Result<Effect> operator()(const SourceType& e) const {
    m.storeNumber(e.to, m.packet_.fromOwnAddress ? RTN_LOCAL : RTN_UNICAST);
    return Effect{};
  }

  Result<Effect> operator()(const Cmp& e) const {
    const bool equal = m.load(e.from, e.value.size()) == e.value;
    return equal == (e.op == CmpOp::kEqual) ? Effect{} : Effect{NoMatch{}};
  }

  Result<Effect> operator()(const Mask& e) const {
    const Datum from = m.load(e.from, e.mask.size());
    std::array<std::uint8_t, Datum::kCapacity> bytes{};
    for (std::size_t i = 0; i < from.size(); ++i) {
      const std::uint8_t flip = i < e.flip.size() ? e.flip.bytes()[i] : std::uint8_t{0};
      bytes[i] = static_cast<std::uint8_t>((from.bytes()[i] & e.mask.bytes()[i]) ^ flip);
    }
    m.store(e.to, std::span(bytes).first(from.size()));
    return Effect{};
  }

  Result<Effect> operator()(const SetMark& e) const {
    m.packet_.mark = text::hostNumber(m.load(e.from, sizeof m.packet_.mark).bytes());
    return Effect{};
  }

  Result<Effect> operator()(const Lookup& e) const {
    const Set* set = TRY(m.setOf(e.set));
    const std::size_t padding = paddingOf(set->spec.key);
    const std::size_t size = sizeOf(set->spec.key);
    std::array<std::uint8_t, Datum::kCapacity> key{};
    const Datum loaded = m.load(e.from, size - padding);
    std::copy(loaded.bytes().begin(), loaded.bytes().end(), key.begin());
    const Element* found = m.find(*set, Datum(std::span(key).first(std::min(size, key.size()))));
    if (found != nullptr) {
      m.hits_.push_back({e.set, keyText(*set, *found), found->second.comment});
    }
    if ((found != nullptr) == (e.result == Lookup::Result::kNoMatch)) {
      return Effect{NoMatch{}};
    }
    return found == nullptr ? Effect{} : reached(e, found->second);
  }

  Result<Effect> operator()(const RandomNumber& e) const {
    if (e.modulus != 1) {
      return cannotFollow(fmt::format("numgen random mod {}", e.modulus), "it draws lots");
    }
    m.storeNumber(e.to, e.offset);
    return Effect{};
  }

  /// What packets leave behind in sets does not change this packet's way.
  Result<Effect> operator()(const UpdateMap&) const { return Effect{}; }
  Result<Effect> operator()(const Log&) const { return Effect{}; }
  Result<Effect> operator()(const Reject& e) const { return Effect{e}; }
  Result<Effect> operator()(const Act& e) const { return Effect{&e.verdict}; }

  Result<Effect> operator()(const Dnat&) const {
    return cannotFollow("dnat", "it rewrites the destination");
  }
  Result<Effect> operator()(const Redirect&) const {
    return cannotFollow("redirect", "it rewrites the destination");
  }
  Result<Effect> operator()(const Masquerade&) const {
    return cannotFollow("masquerade", "it rewrites the source");
  }
  Result<Effect> operator()(const NoTrack&) const {
    return cannotFollow("notrack", "whether the packet has a connection is given");
  }
  Result<Effect> operator()(const Foreign& e) const {
    return cannotFollow(e.name, "this expression is not known");
  }

 private:
  Effect reached(const Lookup& e, const ElementValue& value) const {
    if (e.result == Lookup::Result::kVerdict) {
      const auto* verdict = std::get_if<Verdict>(&value.target);
      return verdict == nullptr ? Effect{NoMatch{}} : Effect{verdict};
    }
    if (e.result == Lookup::Result::kValue) {
      const auto* datum = std::get_if<Datum>(&value.target);
      m.store(e.to, datum == nullptr ? std::span<const std::uint8_t>{} : datum->bytes());
    }
    return {};
  }
};

Result<Effect> WalkMachine::run(const Expr& expr) {
  return std::visit(WalkEvaluation{*this}, expr);
}

}  // namespace hitless::nft
