#include "core/load/name_lookup.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"
#include "core/dns/name.h"
#include "core/dns/packet.h"
#include "core/dns/upstream_query.h"

namespace hitless::load {
namespace {

std::size_t ndotsOf(const dns::ResolvConf& conf) {
  constexpr std::string_view kNdots = "ndots:";
  for (const std::string& option : conf.options) {
    if (option.starts_with(kNdots)) {
      return parseUint(std::string_view(option).substr(kNdots.size())).value_or(1);
    }
  }
  return 1;
}

/// The name as it is comes first if it has enough dots, else last.
std::vector<std::string> namesFor(const std::string& host, const NameServers& servers) {
  if (host.ends_with('.')) {
    return {host};
  }
  std::vector<std::string> names;
  for (const std::string& search : servers.searches) {
    names.push_back(host + "." + search);
  }
  const auto dots = static_cast<std::size_t>(std::count(host.begin(), host.end(), '.'));
  names.insert(dots >= servers.ndots ? names.begin() : names.end(), host);
  return names;
}

dns::UpstreamQuestion questionFor(const dns::Name& name, dns::Type type) {
  dns::UpstreamQuestion question;
  question.section.assign(name.wire().begin(), name.wire().end());
  for (const std::uint16_t word :
       {static_cast<std::uint16_t>(type), static_cast<std::uint16_t>(dns::Class::kInternet)}) {
    question.section.push_back(static_cast<std::uint8_t>(word >> 8));
    question.section.push_back(static_cast<std::uint8_t>(word));
  }
  question.recursionDesired = true;
  return question;
}

std::optional<IpAddress> addressIn(dns::ByteView reply, const dns::RecordPlace& record) {
  const dns::ByteView data = reply.subspan(record.dataAt(), record.end - record.dataAt());
  if (record.type == dns::Type::kA && data.size() == 4) {
    return IpAddress::v4(dns::readU32(data, 0));
  }
  if (record.type == dns::Type::kAaaa && data.size() == 16) {
    std::array<std::uint8_t, 16> bytes{};
    std::copy(data.begin(), data.end(), bytes.begin());
    return IpAddress::v6(bytes);
  }
  return std::nullopt;
}

}  // namespace

NameServers nameServersOf(const dns::ResolvConf& conf, const std::optional<IpAddress>& only) {
  NameServers out;
  for (const std::string& text : conf.nameservers) {
    if (const auto address = IpAddress::parse(text)) {
      out.servers.push_back(*address);
    }
  }
  if (only) {
    out.servers = {*only};
  }
  out.searches = conf.searches;
  out.ndots = ndotsOf(conf);
  return out;
}

NameLookup::NameLookup(const std::string& host, NameServers servers, Rng& rng)
    : host_(host),
      servers_(std::move(servers)),
      rng_(rng),
      names_(namesFor(host, servers_)),
      error_(fmt::format("no address for {}", host)) {}

/// The name server is not asked for localhost (RFC 6761 6.3).
NameLookup::Step NameLookup::start() {
  if (host_ == "localhost") {
    addresses_ = {IpAddress::v4(0x7f000001), *IpAddress::parse("::1")};
    return Step::kDone;
  }
  if (servers_.servers.empty()) {
    error_ = "no name server is known";
    return Step::kDone;
  }
  return ask();
}

/// Asks the present server for the present name; passes over what is no name.
NameLookup::Step NameLookup::ask() {
  queries_.clear();
  pending_.clear();
  for (; name_ < names_.size(); ++name_) {
    const auto name = dns::Name::parse(names_[name_]);
    if (!name) {
      continue;
    }
    for (const dns::Type type : {dns::Type::kA, dns::Type::kAaaa}) {
      pending_.push_back({static_cast<std::uint16_t>(rng_.next()), type, false});
      queries_.push_back(dns::upstreamQuery(questionFor(*name, type), pending_.back().id, true));
    }
    return Step::kSend;
  }
  return Step::kDone;
}

NameLookup::Step NameLookup::nextName() {
  ++name_;
  tries_ = 0;
  return ask();
}

NameLookup::Step NameLookup::onReply(dns::ByteView reply) {
  const auto summary = dns::summarize(reply);
  if (!summary) {
    return Step::kWait;
  }
  for (std::size_t i = 0; i < pending_.size(); ++i) {
    const dns::ByteView question = dns::ByteView(queries_[i]).subspan(dns::kHeaderSize);
    if (pending_[i].answered || dns::readU16(reply, 0) != pending_[i].id ||
        !dns::echoesQuestion(reply, question)) {
      continue;
    }
    const auto rcode = static_cast<dns::Rcode>(summary->rcode);
    if (rcode != dns::Rcode::kNoError && rcode != dns::Rcode::kNxDomain) {
      error_ = fmt::format("{} says {} for {}", server().text(), text(rcode), names_[name_]);
      return onTimeout();
    }
    pending_[i].answered = true;
    take(reply, pending_[i].type);
  }
  const bool waiting = std::any_of(pending_.begin(), pending_.end(),
                                   [](const Pending& pending) { return !pending.answered; });
  if (waiting) {
    return Step::kWait;
  }
  return addresses_.empty() ? nextName() : Step::kDone;
}

/// A CNAME's target is in the same reply of any name server that a pod asks.
void NameLookup::take(dns::ByteView reply, dns::Type type) {
  dns::RecordWalk walk(reply);
  std::vector<IpAddress> found;
  while (const auto record = walk.next()) {
    const auto address = record->section == dns::Section::kAnswer && record->type == type
                             ? addressIn(reply, *record)
                             : std::nullopt;
    if (address) {
      found.push_back(*address);
    }
  }
  addresses_.insert(type == dns::Type::kA ? addresses_.begin() : addresses_.end(), found.begin(),
                    found.end());
}

NameLookup::Step NameLookup::onTimeout() {
  const auto limit = static_cast<int>(servers_.servers.size()) * kTries;
  if (error_.find(" says ") == std::string::npos) {
    error_ = fmt::format("no reply from {} for {}", server().text(), names_[name_]);
  }
  server_ = (server_ + 1) % servers_.servers.size();
  addresses_.clear();
  if (++tries_ >= limit) {
    return Step::kDone;
  }
  return ask();
}

}  // namespace hitless::load
