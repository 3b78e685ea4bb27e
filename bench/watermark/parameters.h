#pragma once

#include <cstddef>

namespace hitless::bench {

/// What the simulation assumes; seconds, bytes, and the source of each number.
struct Parameters {
  // Kubernetes
  double controllerWrites =
      100;  ///< Pods, and slices, per s; --kube-api-qps: default 20, 5,000-node tests use 100
  std::size_t endpointsPerSlice = 100;  ///< --max-endpoints-per-slice
  double sliceBytes = 10e3;             ///< of 100 endpoints: KEP-752 and services.md 3
  double otherSliceBytes = 2e3;         ///< assumed: a Service of 20 endpoints
  double otherWritesPerNode = 0.02;     ///< per s; assumed: one pod event per node in 50 s
  double servers = 3;                   ///< API servers that share the watches
  double egress = 1.25e9;               ///< per s and API server: 10 Gbit/s
  double watchLag = 3e-3;               ///< median; "ms to 100 ms" (services.md 3)
  double watchLagSigma = 1.2;           ///< lognormal: p99 is then 49 ms
  double podStart = 3;                  ///< median; SLO of pod start-up is 5 s at p99
  double podStartSigma = 0.25;
  double kubeletLag[2] = {5e-3, 50e-3};  ///< from the deletion to the hook
  double leaseWrite = 5e-3;              ///< one write that etcd has synced to its disks
  double leaseWritesLimit = 2000;        ///< per s; assumed: what may be added to a cluster's etcd
  double leaseBytes = 400;

  // hitless: constants of the code, and what was measured on the real program (docs/watermarks.md)
  double commit = 1e-3;         ///< docs/performance.md: 0.5 ms at p50, 2 to 5 ms at p99
  double answerCpu = 90e-6;     ///< for one question, on the node that is asked
  double askCpu = 90e-6;        ///< assumed to be the same on the node that asks
  double questionBytes = 905;   ///< both directions, with TCP and Ethernet headers
  double retryBehind = 20e-3;   ///< core/drain/peers.cc
  double retryFailed = 200e-3;  ///< core/drain/peers.cc
  double poll = 5;              ///< app/agent/gate_keeper.cc
  double budget = 20;           ///< of a grace period of 30 s
  double publishEvery = 0.2;    ///< the Leases of the alternative

  // The network, and nodes that are not well
  double oneWay = 0.15e-3;
  double hiccup = 1e-3;  ///< Part of the messages that find a busy machine
  double hiccupTime = 20e-3;
  double lostSyn = 1e-5;  ///< Part of the questions whose SYN is lost: 1 s (RFC 6298)
  double slow = 0.02;     ///< Part of the nodes that are slow (CPU), and by how much
  double slowLag[2] = {50e-3, 500e-3};
  double stalled = 0.001;  ///< Part of the nodes that are Ready with a broken watch, and how long
  double stall[2] = {5, 60};
  double restarting = 0.002;  ///< Part of the nodes whose agent is restarted during the rollout
  double restart[2] = {0.3, 1.5};  ///< docs/performance.md: 0.14 to 4.9 s until complete
};

}  // namespace hitless::bench
