#include "core/dns/answer.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <numeric>

#include "core/dns/splice.h"

namespace hitless::dns {
namespace {

/// kubernetes/dns specification 2.2.
constexpr std::string_view kSchemaVersion = "1.1.0";
constexpr std::uint32_t kSchemaTtl = 28800;
/// A loop of ExternalNames ends here.
constexpr std::size_t kMaxChain = 10;
/// More addresses than a TCP message holds.
constexpr std::size_t kMaxShuffled = 4096;

bool isAddressType(Type type) {
  return type == Type::kA || type == Type::kAaaa;
}
Outcome only(Outcome::Action action) {
  Outcome outcome;
  outcome.action = action;
  return outcome;
}
IpFamily familyOf(Type type) {
  return type == Type::kAaaa ? IpFamily::kV6 : IpFamily::kV4;
}

/// Makes one answer from the zone.
class Answerer {
 public:
  Answerer(const Zone& zone, const Query& query, const AnswerContext& context,
           std::span<std::uint8_t> out)
      : zone_(zone),
        query_(query),
        context_(context),
        writer_(out, query.limit(context.transport), query),
        random_(context.random | 1) {}

  Outcome run();
  /// After the CNAMEs of a chain, with the name that they lead to.
  Outcome resume(FollowUp followUp, ByteView reply);

 private:
  Outcome answerName(std::string_view name);
  Outcome answerService(const Match& match, std::string_view name);
  Outcome answerReverse(const std::vector<Name>& names);
  Outcome follow(const Match& match, std::string_view name);
  Outcome walkSearch(FollowUp followUp);
  Outcome startSearch();
  bool parks(const Match& match) const;

  void addAddresses(const Match& match, std::string_view name, IpFamily family, Section section);
  void addTargets(const Match& match, std::string_view name);
  void addApex(std::string_view name);
  void addGeneration(std::string_view name);
  void addServers(Section section);
  bool addChain();

  Outcome negative(Rcode rcode, const ServiceRecords* records = nullptr);
  Outcome positiveOrNoData(const Match& match);
  Outcome finish(Rcode rcode);
  void note(bool written) { truncated_ = truncated_ || !written; }
  std::uint64_t nextRandom();
  std::uint32_t ttlOf(const Match& match, IpFamily family) const;

  const Zone& zone_;
  const Query& query_;
  const AnswerContext& context_;
  MessageWriter writer_;
  std::uint64_t random_;
  FollowUp followUp_;
  bool truncated_ = false;
  std::size_t answers_ = 0;
};

std::uint64_t Answerer::nextRandom() {  // xorshift64
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return random_;
}

Outcome Answerer::finish(Rcode rcode) {
  Outcome outcome;
  outcome.rcode = rcode;
  outcome.truncated = truncated_;
  outcome.size = writer_.finish({rcode, true, truncated_, false});
  return outcome;
}

Outcome Answerer::negative(Rcode rcode, const ServiceRecords* records) {
  const std::uint32_t ttl = zone_.negativeTtlOf(records, context_.now);
  note(writer_.soa(Section::kAuthority, zone_.name().wire(), ttl, zone_.serverName().wire(),
                   zone_.mailbox().wire(), zone_.serial(), ttl));
  return finish(rcode);
}

Outcome Answerer::positiveOrNoData(const Match& match) {
  return answers_ > 0 || truncated_ ? finish(Rcode::kNoError)
                                    : negative(Rcode::kNoError, match.service.get());
}

std::uint32_t Answerer::ttlOf(const Match& match, IpFamily family) const {
  return match.service ? zone_.ttlOf(*match.service, family, context_.now) : zone_.options().ttl;
}

bool Answerer::addChain() {
  for (const Alias& alias : followUp_.chain) {
    const bool own = alias.owner.wire() == query_.question.name();
    if (!writer_.name(Section::kAnswer, own ? query_.question.name() : alias.owner.wire(),
                      Type::kCname, followUp_.ttl, alias.target.wire())) {
      truncated_ = true;
      return false;
    }
    ++answers_;
  }
  return true;
}

void Answerer::addAddresses(const Match& match, std::string_view name, IpFamily family,
                            Section section) {
  const auto all = match.addresses();
  std::array<std::uint16_t, kMaxShuffled> order;
  std::size_t count = 0;
  for (std::size_t i = 0; i < all.size() && count < kMaxShuffled; ++i) {
    if (all[i].family() == family) {
      order[count++] = static_cast<std::uint16_t>(i);
    }
  }
  const std::uint32_t ttl = ttlOf(match, family);
  for (std::size_t i = 0; i < count; ++i) {
    if (count > 1) {  // Only as far as the message holds (Fisher and Yates).
      std::swap(order[i], order[i + nextRandom() % (count - i)]);
    }
    if (!writer_.address(section, name, ttl, all[order[i]])) {
      return note(section == Section::kAdditional);  // Missing there, the answer is still whole.
    }
    ++answers_;
  }
}

void Answerer::addTargets(const Match& match, std::string_view name) {
  const auto targets = targetsOf(*match.service, match.port, match.protocol);
  const Name service = [&] {  // Without _port._protocol.
    std::string_view wire = name;
    if (match.kind == Match::Kind::kPort) {
      wire = parentOf(parentOf(wire));
    }
    return Name::fromWire(wire);
  }();
  const auto weight = static_cast<std::uint16_t>(
      std::max<std::size_t>(1, 100 / std::max<std::size_t>(1, targets.size())));
  const std::uint32_t ttl = ttlOf(match, IpFamily::kV4);
  for (const ServiceTarget& target : targets) {
    const Name host = target.label.empty() ? service : service.under(target.label);
    if (!writer_.srv(Section::kAnswer, name, ttl, weight, target.port, host.wire())) {
      return note(false);
    }
    ++answers_;
  }
  // Whoever has the record wants the address next; a client asks again for what is missing here.
  if (match.service->kind == ServiceRecords::Kind::kClusterIp && !targets.empty()) {
    for (const IpAddress& address : match.service->addresses) {
      writer_.address(Section::kAdditional, service.wire(), ttl, address);
    }
    return;
  }
  std::vector<std::pair<std::string_view, IpAddress>> seen;
  for (const ServiceTarget& target : targets) {
    seen.emplace_back(target.label, target.address);
  }
  std::sort(seen.begin(), seen.end());
  seen.erase(std::unique(seen.begin(), seen.end()), seen.end());
  for (const auto& [label, address] : seen) {
    if (!writer_.address(Section::kAdditional, service.under(label).wire(), ttl, address)) {
      return;
    }
  }
}

void Answerer::addServers(Section section) {
  for (const IpAddress& server : zone_.servers()) {
    const bool wanted =
        section == Section::kAdditional || server.family() == familyOf(query_.question.type);
    if (wanted &&
        writer_.address(section, zone_.serverName().wire(), zone_.options().ttl, server)) {
      ++answers_;
    }
  }
}

void Answerer::addApex(std::string_view name) {
  const std::uint32_t ttl = zone_.options().ttl;
  constexpr std::uint32_t kMaxSoaTtl = 300;
  if (query_.question.type == Type::kSoa) {
    note(writer_.soa(Section::kAnswer, name, std::min(ttl, kMaxSoaTtl), zone_.serverName().wire(),
                     zone_.mailbox().wire(), zone_.serial(), zone_.options().negativeTtl));
    ++answers_;
  } else if (query_.question.type == Type::kNs) {
    note(writer_.name(Section::kAnswer, name, Type::kNs, ttl, zone_.serverName().wire()));
    ++answers_;
    addServers(Section::kAdditional);
  }
}

void Answerer::addGeneration(std::string_view name) {
  const auto age =
      std::chrono::duration_cast<milliseconds>(context_.now - context_.contact).count();
  const std::string texts[] = {
      fmt::format("generation={}", zone_.generation()),
      fmt::format("resourceVersion={}", zone_.revision()),
      fmt::format("age={}.{:03}s", age / 1000, age % 1000),
  };
  const std::string_view views[] = {texts[0], texts[1], texts[2]};
  note(writer_.txt(Section::kAnswer, name, 0, views));
  ++answers_;
}

bool Answerer::parks(const Match& match) const {
  if (!context_.mayPark || match.service == nullptr || !isAddressType(query_.question.type)) {
    return false;
  }
  const ServiceRecords& records = *match.service;
  if (records.withheld) {
    return true;
  }
  const bool v6 = query_.question.type == Type::kAaaa;
  if (records.kind != ServiceRecords::Kind::kHeadless || !(v6 ? records.ipv6 : records.ipv4)) {
    return false;
  }
  if (!match.label.empty()) {
    return records.expected.contains(match.label);
  }
  return records.unsettled || !records.expected.empty() ||
         context_.now < records.changed + zone_.options().unrest;
}

Outcome Answerer::answerService(const Match& match, std::string_view name) {
  const Type type = query_.question.type;
  if (match.service->kind == ServiceRecords::Kind::kExternalName) {
    return follow(match, name);
  }
  if (type == Type::kSrv) {
    addTargets(match, name);
  } else if (isAddressType(type)) {
    if (match.service->withheld && match.addresses().empty() && parks(match)) {
      return only(Outcome::Action::kPark);
    }
    addAddresses(match, name, familyOf(type), Section::kAnswer);
  }
  return positiveOrNoData(match);
}

Outcome Answerer::follow(const Match& match, std::string_view name) {
  const Name& target = match.service->externalName;
  if (target.isRoot()) {
    return negative(Rcode::kNoError, match.service.get());
  }
  followUp_.ttl = ttlOf(match, IpFamily::kV4);
  followUp_.chain.push_back({Name::fromWire(name), target});
  const auto loops = [&](const Alias& alias) { return alias.owner == target; };
  const auto& chain = followUp_.chain;
  const bool loop = std::any_of(chain.begin(), chain.end(), loops) || chain.size() > kMaxChain;
  if (!loop && target.within(zone_.name()) && query_.question.type != Type::kCname) {
    return answerName(target.wire());
  }
  if (!loop && query_.question.type != Type::kCname) {
    Outcome outcome = only(Outcome::Action::kFollow);
    followUp_.candidates = {target};
    outcome.followUp = std::move(followUp_);
    return outcome;
  }
  if (loop) {
    return finish(Rcode::kServFail);
  }
  addChain();
  return finish(Rcode::kNoError);
}

Outcome Answerer::answerName(std::string_view name) {
  const Match match = zone_.find(name);
  const bool own = name == query_.question.name();
  const std::string_view owner = own ? query_.question.name() : name;
  const bool alias = match.kind == Match::Kind::kService &&
                     match.service->kind == ServiceRecords::Kind::kExternalName;
  if (!alias && !addChain()) {
    return finish(Rcode::kNoError);
  }
  const Type type = query_.question.type;
  switch (match.kind) {
    case Match::Kind::kOutside:
      return only(Outcome::Action::kForward);
    case Match::Kind::kAbsent:
      if (parks(match)) {
        return only(Outcome::Action::kPark);
      }
      // Whoever names a Service that exists means it.
      if (own && context_.search != nullptr && match.service == nullptr) {
        return startSearch();
      }
      return negative(Rcode::kNxDomain, match.service.get());
    case Match::Kind::kEmpty:
      break;
    case Match::Kind::kApex:
      addApex(owner);
      break;
    case Match::Kind::kVersion:
      if (type == Type::kTxt) {
        note(writer_.txt(Section::kAnswer, owner, kSchemaTtl, {&kSchemaVersion, 1}));
        ++answers_;
      }
      break;
    case Match::Kind::kGeneration:
      if (type == Type::kTxt) {
        addGeneration(owner);
      }
      break;
    case Match::Kind::kNameServer:
      if (isAddressType(type)) {
        addServers(Section::kAnswer);
      }
      break;
    case Match::Kind::kPod:
      if (isAddressType(type)) {
        addAddresses(match, owner, familyOf(type), Section::kAnswer);
      }
      break;
    case Match::Kind::kService:
    case Match::Kind::kEndpoint:
    case Match::Kind::kPort:
      return answerService(match, owner);
  }
  return positiveOrNoData(match);
}

Outcome Answerer::startSearch() {
  const std::string_view name = query_.question.name();
  const std::vector<Name>& suffixes = *context_.search;
  if (suffixes.empty() || !within(name, suffixes.front().wire()) ||
      name.size() == suffixes.front().wire().size()) {
    return negative(Rcode::kNxDomain);
  }
  const std::string_view base = name.substr(0, name.size() - suffixes.front().wire().size());
  FollowUp next;
  next.search = true;
  next.ttl = zone_.options().changingTtl;
  for (std::size_t i = 1; i <= suffixes.size(); ++i) {
    const std::string_view suffix =
        i < suffixes.size() ? suffixes[i].wire() : std::string_view("\0", 1);
    if (base.size() + suffix.size() <= kMaxName) {
      next.candidates.push_back(Name::fromWire(std::string(base) + std::string(suffix)));
    }
  }
  return walkSearch(std::move(next));
}

Outcome Answerer::walkSearch(FollowUp followUp) {
  while (!followUp.candidates.empty()) {
    const Name candidate = followUp.candidates.front();
    const Match match = zone_.find(candidate.wire());
    if (match.kind == Match::Kind::kOutside) {
      Outcome outcome = only(Outcome::Action::kFollow);
      followUp.chain = {{Name::fromWire(query_.question.name()), candidate}};
      outcome.followUp = std::move(followUp);
      return outcome;
    }
    if (match.kind != Match::Kind::kAbsent) {
      followUp_.chain = {{Name::fromWire(query_.question.name()), candidate}};
      followUp_.ttl = followUp.ttl;
      Outcome outcome = answerName(candidate.wire());
      outcome.searched = true;
      return outcome;
    }
    followUp.candidates.erase(followUp.candidates.begin());
  }
  return negative(Rcode::kNxDomain);
}

Outcome Answerer::resume(FollowUp followUp, ByteView reply) {
  const Splice found = inspect(reply);
  if (followUp.search && found.usable && found.rcode == Rcode::kNxDomain) {
    followUp.candidates.erase(followUp.candidates.begin());
    return walkSearch(std::move(followUp));
  }
  if (!found.usable) {
    // Where the walk cannot be finished here the client goes on with it, and meets the failure at
    // the name that fails.
    return followUp.search ? negative(Rcode::kNxDomain) : finish(Rcode::kServFail);
  }
  followUp_ = std::move(followUp);
  if (addChain()) {
    truncated_ = truncated_ || found.truncated;
    note(splice(reply, writer_));
  }
  Outcome outcome = finish(found.rcode);
  outcome.searched = followUp_.search;
  return outcome;
}

Outcome Answerer::answerReverse(const std::vector<Name>& names) {
  if (query_.question.type == Type::kPtr) {
    for (const Name& name : names) {
      note(writer_.name(Section::kAnswer, query_.question.name(), Type::kPtr, zone_.options().ttl,
                        name.wire()));
      ++answers_;
    }
    return finish(Rcode::kNoError);
  }
  return negative(Rcode::kNoError);
}

Outcome Answerer::run() {
  const Question& question = query_.question;
  const bool transfer = question.type == Type::kAxfr || question.type == Type::kIxfr;
  if (question.klass != Class::kInternet || transfer) {
    return finish(Rcode::kRefused);
  }
  if (const auto address = reverseAddress(question.name())) {
    const std::vector<Name> names = zone_.namesOf(*address);
    if (!names.empty()) {
      return answerReverse(names);
    }
  }
  return answerName(question.name());
}

int nibbleOf(std::string_view label) {
  if (label.size() != 1) {
    return -1;
  }
  const char c = label[0];
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

std::optional<IpAddress> reverseV4(std::string_view name) {
  std::uint32_t address = 0;
  for (int i = 0; i < 4; ++i) {
    const std::string_view label = name.size() > 1 ? firstLabel(name) : std::string_view{};
    std::uint32_t number = 0;
    if (label.empty() || label.size() > 3 || (label.size() > 1 && label[0] == '0')) {
      return std::nullopt;
    }
    for (const char c : label) {
      if (c < '0' || c > '9') {
        return std::nullopt;
      }
      number = number * 10 + static_cast<std::uint32_t>(c - '0');
    }
    if (number > 255) {
      return std::nullopt;
    }
    address |= number << (8 * i);
    name = parentOf(name);
  }
  return name.size() == 1 ? std::optional(IpAddress::v4(address)) : std::nullopt;
}

std::optional<IpAddress> reverseV6(std::string_view name) {
  std::array<std::uint8_t, 16> bytes{};
  for (std::size_t i = 0; i < 32; ++i) {
    const int nibble = name.size() > 1 ? nibbleOf(firstLabel(name)) : -1;
    if (nibble < 0) {
      return std::nullopt;
    }
    bytes[15 - i / 2] |= static_cast<std::uint8_t>(nibble << (i % 2 * 4));
    name = parentOf(name);
  }
  return name.size() == 1 ? std::optional(IpAddress::v6(bytes)) : std::nullopt;
}

}  // namespace

Outcome answer(const Zone& zone, const Query& query, const AnswerContext& context,
               std::span<std::uint8_t> out) {
  const std::string_view name = query.question.name();
  const bool ours = within(name, zone.name().wire()) || reverseAddress(name);
  if (!zone.ready() && ours && query.question.klass == Class::kInternet) {
    Outcome outcome;
    outcome.rcode = Rcode::kServFail;  // Never "does not exist" before we know.
    outcome.size = refuse(query, Rcode::kServFail, out, ExtendedError::kNotReady);
    return outcome;
  }
  return Answerer(zone, query, context, out).run();
}

std::size_t refuse(const Query& query, Rcode rcode, std::span<std::uint8_t> out,
                   ExtendedError why) {
  MessageWriter writer(out, query.limit(Transport::kUdp), query);
  return writer.finish({rcode, false, false, false, why});
}

Outcome followed(const Zone& zone, const Query& query, const AnswerContext& context,
                 FollowUp followUp, ByteView reply, std::span<std::uint8_t> out) {
  return Answerer(zone, query, context, out).resume(std::move(followUp), reply);
}

std::optional<IpAddress> reverseAddress(std::string_view name) {
  constexpr std::string_view kV4("\7in-addr\4arpa\0", 14);
  constexpr std::string_view kV6("\3ip6\4arpa\0", 10);
  if (!name.ends_with(std::string_view("\4arpa\0", 6))) {
    return std::nullopt;
  }
  const auto without = [&](std::string_view zone) {
    return std::string(name.substr(0, name.size() - zone.size())) + '\0';
  };
  if (within(name, kV4)) {
    return reverseV4(without(kV4));
  }
  return within(name, kV6) ? reverseV6(without(kV6)) : std::nullopt;
}

}  // namespace hitless::dns
