#include "core/doctor/checks/missing-jumps/jumps.h"

namespace hitless::doctor {
namespace {

// Comments of kube-router carry a hash of hook and rule (base32 of sha256, npc_iptables.go), those
// of Calico one of the chain's rules (felix, hashutils): with another one they would put in theirs
// beside ours.
// clang-format off
constexpr Jump kJumps[] = {
    {"filter", "FORWARD", "DOCKER-FORWARD",
     R"(-j DOCKER-FORWARD)", false, Without::kForwarding},
    {"filter", "FORWARD", "DOCKER-USER",
     R"(-j DOCKER-USER)", true, Without::kPolicy},
    {"nat", "PREROUTING", "DOCKER",
     R"(-m addrtype --dst-type LOCAL -j DOCKER)", false, Without::kServices},
    {"nat", "PREROUTING", "CNI-HOSTPORT-DNAT",
     R"(-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT)", false, Without::kServices},
    {"nat", "OUTPUT", "CNI-HOSTPORT-DNAT",
     R"(-m addrtype --dst-type LOCAL -j CNI-HOSTPORT-DNAT)", false, Without::kServices},
    {"nat", "POSTROUTING", "CNI-HOSTPORT-MASQ",
     R"(-m comment --comment "CNI portfwd requiring masquerade" -j CNI-HOSTPORT-MASQ)", true, Without::kServices},
    {"filter", "FORWARD", "CNI-FORWARD",
     R"(-m comment --comment "CNI firewall plugin rules" -j CNI-FORWARD)", true, Without::kForwarding},
    {"filter", "FORWARD", "FLANNEL-FWD",
     R"(-m comment --comment "flanneld forward" -j FLANNEL-FWD)", false, Without::kForwarding},
    {"nat", "POSTROUTING", "FLANNEL-POSTRTG",
     R"(-m comment --comment "flanneld masq" -j FLANNEL-POSTRTG)", false, Without::kMasquerade},
    {"nat", "POSTROUTING", "AWS-SNAT-CHAIN-0",
     R"(-m comment --comment "AWS SNAT CHAIN" -j AWS-SNAT-CHAIN-0)", false, Without::kMasquerade},
    {"filter", "INPUT", "KUBE-FIREWALL",
     R"(-j KUBE-FIREWALL)", true, Without::kPolicy},
    {"filter", "OUTPUT", "KUBE-FIREWALL",
     R"(-j KUBE-FIREWALL)", true, Without::kPolicy},
    {"filter", "INPUT", "KUBE-EXTERNAL-SERVICES",
     R"(-m conntrack --ctstate NEW -m comment --comment "kubernetes externally-visible service portals" -j KUBE-EXTERNAL-SERVICES)", true, Without::kServices},
    {"filter", "INPUT", "KUBE-NODEPORTS",
     R"(-m comment --comment "kubernetes health check service ports" -j KUBE-NODEPORTS)", true, Without::kServices},
    {"filter", "FORWARD", "KUBE-SERVICES",
     R"(-m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES)", true, Without::kServices},
    {"filter", "OUTPUT", "KUBE-SERVICES",
     R"(-m conntrack --ctstate NEW -m comment --comment "kubernetes service portals" -j KUBE-SERVICES)", true, Without::kServices},
    {"filter", "FORWARD", "KUBE-FORWARD",
     R"(-m comment --comment "kubernetes forwarding rules" -j KUBE-FORWARD)", true, Without::kForwarding},
    {"nat", "PREROUTING", "KUBE-SERVICES",
     R"(-m comment --comment "kubernetes service portals" -j KUBE-SERVICES)", true, Without::kServices},
    {"nat", "OUTPUT", "KUBE-SERVICES",
     R"(-m comment --comment "kubernetes service portals" -j KUBE-SERVICES)", true, Without::kServices},
    {"nat", "POSTROUTING", "KUBE-POSTROUTING",
     R"(-m comment --comment "kubernetes postrouting rules" -j KUBE-POSTROUTING)", true, Without::kMasquerade},
    {"filter", "INPUT", "KUBE-ROUTER-INPUT",
     R"(-m comment --comment "kube-router netpol - 4IA2OSFRMVNDXBVV" -j KUBE-ROUTER-INPUT)", true, Without::kPolicy},
    {"filter", "FORWARD", "KUBE-ROUTER-FORWARD",
     R"(-m comment --comment "kube-router netpol - TEMCG2JMHZYE7H7T" -j KUBE-ROUTER-FORWARD)", true, Without::kPolicy},
    {"filter", "OUTPUT", "KUBE-ROUTER-OUTPUT",
     R"(-m comment --comment "kube-router netpol - VEAAIY32XVBHCSCY" -j KUBE-ROUTER-OUTPUT)", true, Without::kPolicy},
    {"filter", "INPUT", "CILIUM_INPUT",
     R"(-m comment --comment "cilium-feeder: CILIUM_INPUT" -j CILIUM_INPUT)", true, Without::kForwarding},
    {"filter", "FORWARD", "CILIUM_FORWARD",
     R"(-m comment --comment "cilium-feeder: CILIUM_FORWARD" -j CILIUM_FORWARD)", true, Without::kForwarding},
    {"filter", "OUTPUT", "CILIUM_OUTPUT",
     R"(-m comment --comment "cilium-feeder: CILIUM_OUTPUT" -j CILIUM_OUTPUT)", true, Without::kForwarding},
    {"nat", "PREROUTING", "CILIUM_PRE_nat",
     R"(-m comment --comment "cilium-feeder: CILIUM_PRE_nat" -j CILIUM_PRE_nat)", true, Without::kMasquerade},
    {"nat", "OUTPUT", "CILIUM_OUTPUT_nat",
     R"(-m comment --comment "cilium-feeder: CILIUM_OUTPUT_nat" -j CILIUM_OUTPUT_nat)", true, Without::kMasquerade},
    {"nat", "POSTROUTING", "CILIUM_POST_nat",
     R"(-m comment --comment "cilium-feeder: CILIUM_POST_nat" -j CILIUM_POST_nat)", true, Without::kMasquerade},
    {"raw", "PREROUTING", "cali-PREROUTING",
     R"(-m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING)", true, Without::kPolicy},
    {"raw", "OUTPUT", "cali-OUTPUT",
     R"(-m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT)", true, Without::kPolicy},
    {"mangle", "PREROUTING", "cali-PREROUTING",
     R"(-m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING)", true, Without::kPolicy},
    {"mangle", "POSTROUTING", "cali-POSTROUTING",
     R"(-m comment --comment "cali:O3lYWMrLQYEMJtB5" -j cali-POSTROUTING)", true, Without::kPolicy},
    {"nat", "PREROUTING", "cali-PREROUTING",
     R"(-m comment --comment "cali:6gwbT8clXdHdC1b1" -j cali-PREROUTING)", true, Without::kMasquerade},
    {"nat", "OUTPUT", "cali-OUTPUT",
     R"(-m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT)", true, Without::kMasquerade},
    {"nat", "POSTROUTING", "cali-POSTROUTING",
     R"(-m comment --comment "cali:O3lYWMrLQYEMJtB5" -j cali-POSTROUTING)", true, Without::kMasquerade},
    {"filter", "INPUT", "cali-INPUT",
     R"(-m comment --comment "cali:Cz_u1IQiXIMmKD4c" -j cali-INPUT)", true, Without::kPolicy},
    {"filter", "FORWARD", "cali-FORWARD",
     R"(-m comment --comment "cali:wUHhoiAYhphO9Mso" -j cali-FORWARD)", true, Without::kPolicy},
    {"filter", "OUTPUT", "cali-OUTPUT",
     R"(-m comment --comment "cali:tVnHkvAo15HuiPy0" -j cali-OUTPUT)", true, Without::kPolicy},
};
// clang-format on

}  // namespace

std::span<const Jump> jumps() {
  return kJumps;
}

}  // namespace hitless::doctor
