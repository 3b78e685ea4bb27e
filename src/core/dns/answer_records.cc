#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "core/dns/answerer.h"

namespace hitless::dns {
namespace {

/// More addresses than a TCP message holds.
constexpr std::size_t kMaxShuffled = 4096;

}  // namespace

std::size_t Answerer::randomBelow(std::size_t bound) {  // xorshift64
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return (random_ >> 32) * bound >> 32;  // Cheaper than a division (Lemire 2019).
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
      std::swap(order[i], order[i + randomBelow(count - i)]);
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

}  // namespace hitless::dns
