#include "app/commands.h"

#include <cstdio>

#include "app/agent/command.h"
#include "app/apiserver.h"
#include "app/cni/command.h"
#include "app/doctor/command.h"
#include "app/explain/command.h"
#include "app/inject/command.h"
#include "app/load.h"
#include "app/node.h"
#include "app/proxy/command.h"
#include "app/rehearse.h"
#include "app/up.h"
#include "app/version.h"
#include "app/webhook/command.h"

namespace hitless::app {
namespace {

std::function<int()> addVersion(CLI::App&) {
  return [] {
    std::printf("hitless %s\n", kVersion);
    return 0;
  };
}

constexpr Command kCommands[] = {
    {"rehearse", "Roll out under load and report every lost request with its cause", addRehearse},
    {"up", "Start an embedded cluster", addUp},
    {"down", "Stop it", addDown},
    {"run", "Run a command inside its network", addRun},
    {"kubeconfig", "Print the path of its kubeconfig", addKubeconfig},
    {"load", "Send requests at a fixed rate and say what became of each", addLoad},
    {"explain", "Say where connections to a Service go or what a name is, and why", addExplain},
    {"doctor", "Find what is wrong with a node's packet rules, and repair it without a gap",
     addDoctor},
    {"agent", "Keep a node's packet rules in step with its cluster", addAgent},
    {"proxy", "Carry requests to applications, and leave last", addProxy},
    {"inject", "Put the proxy into the pods of manifests, or take it out", addInject},
    {"cni", "Let pods begin when their policies hold: a CNI plugin, chained after others", addCni},
    {"webhook",
     "Give the pods of a cluster the gate, and the proxy if they ask, when they are made",
     addWebhook},
    {"node", "Run one node of an embedded cluster", addNode, true},
    {"apiserver", "Serve the embedded Kubernetes API alone", addApiserver, true},
    {"version", "Print the version", addVersion},
};

}  // namespace

std::span<const Command> commands() {
  return kCommands;
}

}  // namespace hitless::app
