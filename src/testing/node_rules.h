#pragma once

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "testing/source_dir.h"

/// Rules of healthy nodes, as input of iptables-restore and nft, in the shapes that their owners
/// write (node_rules/): what no check may find fault with.
namespace hitless::testing {

struct NodeRules {
  std::string file;                    ///< Of the folder node_rules, without extension.
  std::vector<std::string> processes;  ///< comm of what lives on such a node.
  std::string bridge;                  ///< With pods or containers on it; empty: none.
  std::string address;                 ///< Of the bridge: "10.42.0.1/24"
  std::string flannelSubnet;           ///< /run/flannel/subnet.env

  /// "save" for iptables-restore on either back-end, "save6", "nft" for `nft -f`, "ipset" for the
  /// sets that the rules ask for; empty if there is no such file.
  std::string read(const std::string& extension) const {
    std::ifstream in(sourceFile("src/testing/node_rules/" + file + "." + extension));
    std::ostringstream text;
    text << in.rdbuf();
    return in ? text.str() : std::string();
  }
};

inline std::vector<NodeRules> healthyNodes() {
  const std::string subnet =
      "FLANNEL_NETWORK=10.42.0.0/16\nFLANNEL_SUBNET=10.42.0.1/24\nFLANNEL_MTU=1450\n"
      "FLANNEL_IPMASQ=true\n";
  return {
      {"debian", {"systemd", "sshd"}, "", "", ""},
      {"docker", {"systemd", "containerd", "dockerd"}, "docker0", "172.17.0.1/16", ""},
      {"kube-proxy-iptables",
       {"systemd", "containerd", "kubelet", "kube-proxy"},
       "cbr0",
       "10.244.1.1/24",
       ""},
      {"kube-proxy-ipvs",
       {"systemd", "containerd", "kubelet", "kube-proxy"},
       "cbr0",
       "10.244.1.1/24",
       ""},
      {"kube-proxy-nftables",
       {"systemd", "containerd", "kubelet", "kube-proxy"},
       "cbr0",
       "10.244.1.1/24",
       ""},
      {"kube-router",
       {"systemd", "containerd", "kubelet", "kube-router"},
       "kube-bridge",
       "10.244.1.1/24",
       ""},
      {"calico", {"systemd", "containerd", "kubelet", "kube-proxy", "calico-node"}, "", "", ""},
      {"k3s", {"systemd", "k3s-server", "containerd"}, "cni0", "10.42.0.1/24", subnet},
  };
}

}  // namespace hitless::testing
