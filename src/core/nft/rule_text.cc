#include <arpa/inet.h>
#include <fmt/format.h>
#include <linux/netfilter.h>
#include <linux/rtnetlink.h>

#include <array>
#include <bit>
#include <map>

#include "base/text.h"
#include "core/nft/field_text.h"
#include "core/nft/text.h"

namespace hitless::nft {
namespace {

constexpr std::array<std::string_view, 8> kCtStates = {"invalid", "established", "related",  "new",
                                                       "4",       "5",           "untracked"};
constexpr std::array<std::string_view, 6> kCtStatus = {"expected",  "seen-reply", "assured",
                                                       "confirmed", "snat",       "dnat"};

/// Runs a rule symbolically: what each register holds is the text of the expression that put it
/// there.
class RuleText {
 public:
  explicit RuleText(const Ruleset& context) : context_(context) {}

  std::string run(const Rule& rule) {
    for (const Expr& expr : rule.exprs) {
      std::visit(*this, expr);
    }
    if (!family_.empty() && !familyImplied_) {
      out_.insert(out_.begin(), fmt::format("meta nfproto {}", family_));
    }
    return join(out_, " ") + text::quotedComment(rule.comment);
  }

  void operator()(const Meta& e) {
    constexpr std::array<std::string_view, 7> kNames = {
        "meta nfproto", "meta l4proto", "iifname",      "meta mark",
        "oifname",      "meta skuid",   "meta priority"};
    set(e.to, std::string(kNames[static_cast<std::size_t>(e.key)]));
  }

  void operator()(const Payload& e) {
    std::string name = text::headerField(e.base, e.offset, e.length);
    if (e.base == PayloadBase::kTransport && e.offset == 0 && e.length == 1) {
      name = icmp_.empty() ? name : icmp_ + " type";
    }
    familyImplied_ = familyImplied_ || name.starts_with("ip");
    set(e.to, std::move(name));
  }

  void operator()(const WriteTransport& e) {
    emit(fmt::format("{} set {}", text::headerField(PayloadBase::kTransport, e.offset, e.length),
                     get(e.from)));
  }
  void operator()(const Constant& e) {
    constexpr std::size_t kLabelBytes = 16;
    constants_[e.to.word] = e.value;
    set(e.to, e.value.size() == kLabelBytes
                  ? text::labels(e.value)
                  : fmt::format("0x{:02x}", fmt::join(e.value.bytes(), "")));
  }
  void operator()(const AddLabels& e) { emit("ct label set " + get(e.from)); }

  void operator()(const Ct& e) {
    constexpr std::array<std::string_view, 12> kNames = {"ct state",
                                                         "ct status",
                                                         "ct direction",
                                                         "ct original ip saddr",
                                                         "ct original ip6 saddr",
                                                         "ct original ip daddr",
                                                         "ct original ip6 daddr",
                                                         "ct original proto-dst",
                                                         "ct reply ip saddr",
                                                         "ct reply ip6 saddr",
                                                         "ct reply proto-src",
                                                         "ct label"};
    const std::string_view name = kNames[static_cast<std::size_t>(e.key)];
    familyImplied_ = familyImplied_ || name.find(" ip") != std::string_view::npos;
    set(e.to, std::string(name));
  }

  void operator()(const SourceType& e) { set(e.to, "fib saddr type"); }

  void operator()(const Mask& e) {
    if (e.flip.size() != 0) {
      set(e.to, flippedText(get(e.from), e));
      return;
    }
    masks_[e.to.word] = e.mask;
    set(e.to, get(e.from));
  }

  void operator()(const SetMark& e) { emit("meta mark set " + get(e.from)); }
  void operator()(const NoTrack&) { emit("notrack"); }

  void operator()(const Cmp& e) {
    const std::string left = get(e.from);
    const auto mask = masks_.find(e.from.word);
    if (left == "meta nfproto" && e.op == CmpOp::kEqual) {
      family_ = e.value.bytes()[0] == NFPROTO_IPV4 ? "ipv4" : "ipv6";
    } else if (left == "iifname" || left == "oifname") {
      emit(fmt::format("{} {}", left, text::interface(e.value.bytes())));
    } else if (left == "meta skuid") {
      emit(fmt::format("{} {}", left, text::hostNumber(e.value.bytes())));
    } else if (left == "meta priority") {
      const std::uint32_t priority = text::hostNumber(e.value.bytes());
      emit(fmt::format("{} {:x}:{:x}", left, priority >> 16, priority & 0xffff));
    } else if (left == "meta mark" && mask == masks_.end()) {
      emit(fmt::format("{} {}0x{:08x}", left,
                       e.op == CmpOp::kEqual ? "" : "!= ", text::hostNumber(e.value.bytes())));
    } else if (left == "fib saddr type") {
      emit(fmt::format("{} {}", left, addressTypeText(text::hostNumber(e.value.bytes()))));
    } else if (left == "meta l4proto") {
      icmp_ = e.value.bytes()[0] == IPPROTO_ICMP     ? "icmp"
              : e.value.bytes()[0] == IPPROTO_ICMPV6 ? "icmpv6"
                                                     : "";
      emit(fmt::format("{} {}{}", left, e.op == CmpOp::kEqual ? "" : "!= ",
                       text::datum({FieldType::kInetProto}, padded(e.value))));
    } else if (left == "ct direction") {
      emit(fmt::format("{} {}", left, e.value.bytes()[0] == 0 ? "original" : "reply"));
    } else if (left == "tcp flags") {
      const std::uint8_t bits = mask == masks_.end() ? 0xff : mask->second.bytes()[0];
      emit(fmt::format("{} & 0x{:02x} == 0x{:02x}", left, bits, e.value.bytes()[0]));
    } else if (mask != masks_.end() && left == "ct label") {
      emit(fmt::format("{}{} {}", left, e.op == CmpOp::kEqual ? " !" : "",
                       text::labels(mask->second)));
    } else if (mask != masks_.end() && (left == "ct state" || left == "ct status")) {
      emit(fmt::format("{} {}", left, flagText(left, text::hostNumber(mask->second.bytes()))));
    } else {
      const unsigned length = prefixLength(mask == masks_.end() ? nullptr : &mask->second, e.value);
      emit(fmt::format("{} {}{}", left,
                       e.op == CmpOp::kEqual ? "" : "!= ", networkText(left, e.value, length)));
    }
  }

  void operator()(const Lookup& e) {
    const std::string key = keyText(e);
    switch (e.result) {
      case Lookup::Result::kMatch:
        return emit(fmt::format("{} @{}", key, e.set));
      case Lookup::Result::kNoMatch:
        return emit(fmt::format("{} != @{}", key, e.set));
      case Lookup::Result::kValue:
        return set(e.to, fmt::format("{} map @{}", key, e.set));
      case Lookup::Result::kVerdict:
        return emit(fmt::format("{} vmap @{}", key, e.set));
    }
  }

  void operator()(const RandomNumber& e) {
    const std::string offset = e.offset == 0 ? "" : fmt::format(" offset {}", e.offset);
    set(e.to, fmt::format("numgen random mod {}{}", e.modulus, offset));
  }

  void operator()(const UpdateMap& e) {
    const auto map = context_.sets.find(e.map);
    const std::string value =
        map == context_.sets.end() ? get(e.value) : fieldsText(map->second.spec.value, e.value);
    emit(fmt::format("update @{} {{ {} timeout {}s : {} }}", e.map, get(e.key), e.timeout / 1000,
                     value));
  }

  void operator()(const Dnat& e) {
    emit(fmt::format("dnat {} to {}", e.family == IpFamily::kV4 ? "ip" : "ip6", get(e.address)));
  }
  void operator()(const Redirect& e) {
    const auto port = constants_.find(e.port.word);
    emit("redirect to :" + (port == constants_.end() ? get(e.port) : numberText(port->second)));
  }
  void operator()(const Masquerade&) { emit("masquerade fully-random"); }
  void operator()(const Log& e) {
    emit(fmt::format("log group {} snaplen {} queue-threshold 1", e.group, e.snaplen));
  }
  void operator()(const Reject& e) {
    constexpr std::array<std::string_view, 3> kTexts = {"reject", "reject with tcp reset",
                                                        "reject with icmpx admin-prohibited"};
    emit(std::string(kTexts[static_cast<std::size_t>(e.with)]));
  }
  void operator()(const Act& e) { emit(text::verdict(e.verdict)); }
  void operator()(const Foreign& e) { emit(fmt::format("<{}>", e.name)); }

 private:
  void emit(std::string text) { out_.push_back(std::move(text)); }
  void set(Register reg, std::string text) {
    if (words_.contains(reg.word) && words_[reg.word] != text) {
      masks_.erase(reg.word);
    }
    words_[reg.word] = std::move(text);
  }
  std::string get(Register reg) const {
    const auto it = words_.find(reg.word);
    return it == words_.end() ? "?" : it->second;
  }

  /// The key's fields, each from the register where its place in the concatenation is.
  std::string keyText(const Lookup& e) const {
    const auto set = context_.sets.find(e.set);
    if (set == context_.sets.end()) {
      return get(e.from);
    }
    return fieldsText(set->second.spec.key, e.from);
  }

  std::string fieldsText(const std::vector<FieldType>& fields, Register reg) const {
    std::vector<std::string> parts;
    for (const FieldType field : fields) {
      parts.push_back(get(reg));
      reg.word = static_cast<std::uint8_t>(reg.word + (info(field).size + 3) / 4);
    }
    return join(parts, " . ");
  }

  /// Bits that are set are an "or", as nft writes it.
  static std::string flippedText(const std::string& left, const Mask& e) {
    const std::uint32_t mask = text::hostNumber(e.mask.bytes());
    const std::uint32_t flip = text::hostNumber(e.flip.bytes());
    return mask == ~flip ? fmt::format("{} | 0x{:08x}", left, flip)
                         : fmt::format("{} & 0x{:08x} ^ 0x{:08x}", left, mask, flip);
  }

  static std::string addressTypeText(std::uint32_t type) {
    return type == RTN_LOCAL ? "local" : std::to_string(type);
  }

  static std::string flagText(const std::string& left, std::uint32_t bits) {
    std::vector<std::string> names;
    for (std::uint32_t i = 0; i < 8; ++i) {
      if ((bits & 1U << i) != 0) {
        const bool state = left == "ct state";
        const std::size_t known = state ? kCtStates.size() : kCtStatus.size();
        names.emplace_back(i < known ? (state ? kCtStates[i] : kCtStatus[i])
                                     : std::string_view("?"));
      }
    }
    return join(names, ",");
  }

  static unsigned prefixLength(const Datum* mask, const Datum& value) {
    if (mask == nullptr) {
      return static_cast<unsigned>(value.size() * 8);
    }
    unsigned bits = 0;
    for (const std::uint8_t byte : mask->bytes()) {
      bits += static_cast<unsigned>(std::popcount(byte));
    }
    return bits;
  }

  /// A comparison holds the field's bytes alone; keys pad them to whole words.
  static Datum padded(const Datum& value) {
    return Datum().protocol(value.bytes().empty() ? std::uint8_t{0} : value.bytes()[0]);
  }

  /// Of at most 4 bytes in network order.
  static std::string numberText(const Datum& value) {
    std::uint32_t number = 0;
    for (const std::uint8_t byte : value.bytes()) {
      number = number << 8 | byte;
    }
    return std::to_string(number);
  }

  static std::string networkText(const std::string& field, const Datum& value, unsigned length) {
    const bool v6 = field.find("ip6 ") != std::string::npos;
    if (field.ends_with("port") || field.find(" proto-") != std::string::npos ||
        field.ends_with(" type")) {
      return numberText(value);
    }
    if (!v6 && field.find("ip ") == std::string::npos) {
      return fmt::format("0x{:02x}", fmt::join(value.bytes(), ""));
    }
    const std::string address = text::address(v6 ? AF_INET6 : AF_INET, value.bytes());
    return length == (v6 ? 128U : 32U) ? address : fmt::format("{}/{}", address, length);
  }

  const Ruleset& context_;
  std::map<std::uint8_t, std::string> words_;
  std::map<std::uint8_t, Datum> masks_;
  std::map<std::uint8_t, Datum> constants_;
  std::vector<std::string> out_;
  std::string family_;
  std::string icmp_;  ///< Which of the two protocols the packet has, once it is known.
  bool familyImplied_ = false;
};

}  // namespace

std::string render(const Rule& rule, const Ruleset& context) {
  return RuleText(context).run(rule);
}

}  // namespace hitless::nft
