#include "core/rules/inspect.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "core/rules/dispatch.h"
#include "core/rules/laid_out.h"
#include "core/rules/names.h"

namespace hitless::rules {
namespace {

using nft::Datum;
using service::Outcome;
using service::Protocol;

constexpr std::size_t kWord = 4;

/// The text of a service port at the beginning of a key.
std::string addressText(std::span<const std::uint8_t> key, PortKind kind, IpFamily family) {
  const std::size_t ip = kind == PortKind::kNodePort ? 0 : family == IpFamily::kV4 ? 4 : 16;
  if (key.size() < ip + 2 * kWord) {
    return "?";
  }
  const auto protocol = static_cast<Protocol>(key[ip]);
  const auto port = static_cast<std::uint16_t>(key[ip + kWord] << 8 | key[ip + kWord + 1]);
  if (kind == PortKind::kNodePort) {
    return fmt::format("node port {}/{}", port, service::name(protocol));
  }
  const auto address = addressIn(key.first(ip));
  return fmt::format("{}/{}", service::Target{address, port}.text(), service::name(protocol));
}

bool isOf(const std::string& comment, const std::string& service) {
  return comment == service || comment.starts_with(service + ":");
}

std::uint32_t slotOf(const Datum& key) {
  std::uint32_t slot = 0;
  std::memcpy(&slot, key.bytes().data() + key.size() - sizeof slot, sizeof slot);
  return slot;
}

class Reader {
 public:
  Reader(const nft::Ruleset& applied, std::string service)
      : applied_(applied), service_(std::move(service)) {}

  std::vector<HeldAddress> run() {
    for (const IpFamily family : {IpFamily::kV4, IpFamily::kV6}) {
      for (const PortKind kind : {PortKind::kAddress, PortKind::kNodePort}) {
        const bool byAddress = kind == PortKind::kAddress;
        readEndpoints(kind, family);
        readVerdicts(byAddress ? names::kNoEndpoint : names::kNodePortNoEndpoint, kind, family,
                     Outcome::kReject);
        readVerdicts(byAddress ? names::kNoLocalEndpoint : names::kNodePortNoLocalEndpoint, kind,
                     family, Outcome::kDrop);
      }
    }
    std::sort(held_.begin(), held_.end(), [](const HeldAddress& a, const HeldAddress& b) {
      return std::tie(a.address, a.view) < std::tie(b.address, b.view);
    });
    return std::move(held_);
  }

 private:
  const nft::Elements& elements(const std::string& set) const {
    static const nft::Elements kNone;
    const auto it = applied_.sets.find(set);
    return it == applied_.sets.end() ? kNone : it->second.elements;
  }

  void readEndpoints(PortKind kind, IpFamily family) {
    const nft::Elements& endpoints = elements(endpointsMap(kind, family));
    for (auto it = endpoints.begin(); it != endpoints.end(); ++it) {
      if (!isOf(it->second.comment, service_)) {
        continue;
      }
      const View view = slotOf(it->first) == 0 ? View::kOwn : View::kFromNode;
      Entry entry;
      entry.key = Datum(it->first.bytes().first(it->first.size() - kWord));
      entry.view = view;
      auto targets = targetsAt(endpoints, entry, family);
      std::sort(targets.begin(), targets.end());
      held_.push_back({addressText(it->first.bytes(), kind, family), view, Outcome::kForward,
                       std::move(targets)});
    }
  }

  void readVerdicts(std::string_view stem, PortKind kind, IpFamily family, Outcome outcome) {
    for (const nft::Element& element : elements(names::suffixed(stem, family))) {
      if (isOf(element.second.comment, service_)) {
        held_.push_back(
            {addressText(element.first.bytes(), kind, family), View::kOwn, outcome, {}});
      }
    }
  }

  const nft::Ruleset& applied_;
  std::string service_;
  std::vector<HeldAddress> held_;
};

}  // namespace

std::vector<HeldAddress> heldFor(const nft::Ruleset& applied, const service::ServiceName& name) {
  return Reader(applied, name.text()).run();
}

}  // namespace hitless::rules
