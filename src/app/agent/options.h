#pragma once

#include <string>
#include <vector>

#include "base/clock.h"
#include "base/ip.h"
#include "core/drain/gate.h"
#include "core/rules/departed_table.h"
#include "core/rules/policy_table.h"

namespace hitless::app {

/// Where a server listens; port 0: nowhere.
struct BindAddress {
  std::string host;
  std::uint16_t port = 0;
  bool operator==(const BindAddress&) const = default;
};

/// What `hitless agent` is told on its command line.
struct AgentOptions {
  std::string nodeName;
  std::string kubeconfig;
  std::string podCidr;   ///< Empty: spec.podCIDR of the own Node.
  std::string timeline;  ///< Empty: none.
  std::uint16_t port = 9470;
  std::vector<std::string> bind;  ///< Empty: 127.0.0.1 and the own Node's InternalIPs.
  BindAddress healthz;            ///< /healthz, /livez and /readyz, as kube-proxy serves them.
  BindAddress metrics;
  BindAddress dnsHealth;  ///< /health of the name server, as CoreDNS serves it.
  BindAddress dnsReady;   ///< /ready
  /// Where whoever makes pods' networks claims their addresses (pod_door.h); empty: nowhere.
  std::string podSocket;
  nanoseconds minSyncPeriod{};
  nanoseconds syncPeriod = seconds(30);
  /// Where node ports, and the health checks of Services, are served: on the Node's InternalIPs,
  /// and on the machine's addresses in these networks.
  bool primaryNodePorts = true;
  std::vector<Cidr> nodePortNetworks = {};
  drain::GateOptions gate;
  /// Whether, and for how long, the addresses of pods that go are looked after.
  bool departed = true;
  rules::DepartedTableOptions departedTable;
  /// Whether NetworkPolicies are enforced.
  bool policy = true;
  rules::PolicyTableOptions policyTable;
};

}  // namespace hitless::app
