#include "app/doctor/trace_live.h"

#include <fmt/format.h>

#include "app/doctor/trace_native.h"
#include "base/text.h"
#include "sys/doctor/legacy_reader.h"
#include "sys/doctor/links.h"
#include "sys/doctor/nft_reader.h"

namespace hitless::app {
namespace {

/// As many as can be read while somebody waits.
constexpr sys::NftReadLimit kTraceLimit{20'000, 100'000};

/// Tables that were too large to be walked, which the reader names in comments.
void noteUnreadTables(std::string_view text, std::vector<std::string>& notes) {
  constexpr std::string_view kMarker = "# unread-table ";
  for (auto at = text.find(kMarker); at != std::string_view::npos;
       at = text.find(kMarker, at + 1)) {
    const std::string_view line = text.substr(at, text.find('\n', at) - at);
    const auto words = split(line.substr(kMarker.size()), ' ');
    notes.push_back(
        fmt::format("table {} of the legacy back-end, with {} entries, is too large to be read "
                    "here and not in the "
                    "count: trace with --dump through what iptables-legacy-save writes",
                    words.front(), words.back()));
  }
}

void add(std::vector<LiveDump>& dumps, std::string source, const Result<std::string>& text,
         std::vector<std::string>& notes) {
  if (!text && text.error().kind == ErrorKind::kNotFound) {
    return;
  }
  if (!text) {
    notes.push_back(
        fmt::format("rules of the {} back-end could not be read: {}", source, text.error().text()));
    return;
  }
  noteUnreadTables(*text, notes);
  auto dump = iptables::parseDump(*text);
  if (!dump) {
    notes.push_back(fmt::format("rules of the {} back-end were not understood: {}", source,
                                dump.error().text()));
    return;
  }
  dumps.push_back({std::move(source), std::move(*dump)});
}

/// By the main table only: the longest prefix.
std::optional<std::string> interfaceTo(const doctor::Network& network, const IpAddress& address) {
  const doctor::RouteEntry* best = nullptr;
  for (const doctor::RouteEntry& route : network.routes) {
    if (route.interface != 0 && route.destination.contains(address) &&
        (best == nullptr || route.destination.length > best->destination.length)) {
      best = &route;
    }
  }
  const doctor::Interface* interface = best == nullptr ? nullptr : network.find(best->interface);
  return interface == nullptr ? std::nullopt : std::optional(interface->name);
}

/// What the kernel knows of where the packet comes from and goes to.
Status complete(iptables::Packet& packet) {
  doctor::Network network = TRY(sys::readNetwork());
  if (!packet.own) {
    packet.own.emplace();
    for (const doctor::InterfaceAddress& own : network.addresses) {
      packet.own->push_back(own.address.address);
    }
  }
  const bool given = packet.in.has_value();
  packet.localOrigin = !given && packet.isOwn(packet.source) == iptables::Answer::kYes;
  if (!given && !packet.localOrigin) {
    packet.in = interfaceTo(network, packet.source);
  }
  packet.route = [kept = std::move(network)](const IpAddress& address) {
    return interfaceTo(kept, address);
  };
  return {};
}

}  // namespace

std::vector<LiveDump> liveDumps(IpFamily family, std::vector<std::string>& notes) {
  std::vector<LiveDump> dumps;
  add(dumps, "legacy", sys::legacyRules(family), notes);
  add(dumps, "nft", sys::nftRules(family, kTraceLimit), notes);
  return dumps;
}

Result<iptables::WalkResult> traceLive(iptables::Packet packet) {
  TRY_VOID(complete(packet));
  std::vector<std::string> notes;
  const std::vector<LiveDump> dumps = liveDumps(packet.source.family(), notes);
  if (dumps.empty() && !notes.empty()) {
    return fail(ErrorKind::kPermission, notes.front(),
                "run as root, or trace with --dump through what iptables-save writes");
  }
  std::vector<iptables::Source> sources;
  for (const LiveDump& live : dumps) {
    sources.push_back({live.source, &live.dump});
  }
  iptables::WalkResult result = TRY(iptables::walk(sources, std::move(packet)));
  result.notes.insert(result.notes.end(), notes.begin(), notes.end());
  followNative(result);
  return result;
}

}  // namespace hitless::app
