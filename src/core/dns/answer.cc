#include "core/dns/answer.h"

#include <algorithm>

#include "core/dns/answerer.h"
#include "core/dns/reverse_name.h"
#include "core/dns/splice.h"

namespace hitless::dns {
namespace {

/// kubernetes/dns specification 2.2.
constexpr std::string_view kSchemaVersion = "1.1.0";
constexpr std::uint32_t kSchemaTtl = 28800;
/// A loop of ExternalNames ends here.
constexpr std::size_t kMaxChain = 10;

bool isAddressType(Type type) {
  return type == Type::kA || type == Type::kAaaa;
}
Outcome only(Outcome::Action action) {
  Outcome outcome;
  outcome.action = action;
  return outcome;
}

}  // namespace

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

}  // namespace hitless::dns
