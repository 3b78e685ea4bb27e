#include "sys/load/conntrack_lookup.h"

#include <fcntl.h>
#include <sched.h>

#include <utility>

#include "sys/load/ended_flows.h"
#include "sys/load/socket.h"
#include "sys/netlink/conntrack.h"

namespace hitless::sys {
namespace {

using load::Backend;
using load::Endpoint;

/// The two views of the kernel's connection tracking: what is there, and what ended.
struct Tables {
  Conntrack live;
  EndedFlows ended;
};

class ConntrackLookup : public load::BackendLookup {
 public:
  explicit ConntrackLookup(Tables tables) : tables_(std::move(tables)) {}

  Backend find(const Endpoint& source, const Endpoint& destination) override {
    const auto flow = tables_.live.find(
        {conntrack::kTcp, source.ip, source.port, destination.ip, destination.port});
    if (!flow) {
      return {};
    }
    if (*flow) {
      return found(destination, {(*flow)->reply.source, (*flow)->reply.sourcePort});
    }
    tables_.ended.refresh();
    if (const auto backend = tables_.ended.find(source, destination)) {
      return found(destination, *backend);
    }
    // The absence of one connection says something only where others are present.
    const bool proof = tracking_ && !tables_.ended.lossy();
    return {proof ? Backend::Kind::kNone : Backend::Kind::kUnknown, {}};
  }

  void refresh() override { tables_.ended.refresh(); }

  std::string description() const override {
    return tracking_ ? "connection tracking" : "connection tracking is not active here";
  }

 private:
  Backend found(const Endpoint& destination, const Endpoint& backend) {
    tracking_ = true;
    return {backend == destination ? Backend::Kind::kDirect : Backend::Kind::kTranslated, backend};
  }

  Tables tables_;
  bool tracking_ = false;
};

Result<Tables> openHere() {
  EndedFlows ended = TRY(EndedFlows::open());
  return Tables{TRY(Conntrack::open()), std::move(ended)};
}

Result<Tables> openIn(const std::string& netnsPath) {
  if (netnsPath.empty()) {
    return openHere();
  }
  const Fd target(open(netnsPath.c_str(), O_RDONLY | O_CLOEXEC));
  const Fd home(open("/proc/thread-self/ns/net", O_RDONLY | O_CLOEXEC));
  if (target.get() < 0 || home.get() < 0 || setns(target.get(), CLONE_NEWNET) != 0) {
    return tl::unexpected<Error>(osError("cannot enter the network namespace").about(netnsPath));
  }
  auto tables = openHere();
  if (setns(home.get(), CLONE_NEWNET) != 0) {
    return osFail("cannot return to the own network namespace");
  }
  return tables;
}

}  // namespace

std::unique_ptr<load::BackendLookup> openConntrackLookup(const std::string& netnsPath) {
  auto tables = openIn(netnsPath);
  if (!tables) {
    return std::make_unique<load::NoBackendLookup>("backends are not known: " +
                                                   tables.error().text());
  }
  return std::make_unique<ConntrackLookup>(std::move(*tables));
}

}  // namespace hitless::sys
