#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kIpBlockFields[] = {
    str("cidr", "A network of either family, such as 192.168.1.0/24 or 2001:db8::/64.").require(),
    strs("except", "Networks within cidr that this block leaves out."),
};
constexpr Message kIpBlock{"IPBlock", Package::kNetworking,
                           "A network, less the networks that are left out of it.", kIpBlockFields};

constexpr Field kPeerFields[] = {
    obj("podSelector", kLabelSelector,
        "Pods by their labels: of the namespaces that namespaceSelector picks, or without it of "
        "the "
        "policy's own. An empty selector picks all of them."),
    obj("namespaceSelector", kLabelSelector,
        "Namespaces by their labels: all of their pods, or those that podSelector picks as well. "
        "An empty selector picks all namespaces."),
    obj("ipBlock", kIpBlock, "Addresses; goes with neither of the selectors."),
};
constexpr Message kPeer{"NetworkPolicyPeer", Package::kNetworking,
                        "Whom a rule lets in or out: pods by label, or addresses.", kPeerFields};

constexpr Field kPortFields[] = {
    str("protocol", "TCP, UDP or SCTP; TCP if not set.").def("TCP").oneOf(kProtocols),
    intOrStr("port",
             "Number, or name of a port of the pod that is connected to; without it all ports of "
             "the protocol.")
        .is(Check::kPortOrName),
    i32("endPort", "Last port of a range that begins at port, which must be a number then."),
};
constexpr Message kPort{"NetworkPolicyPort", Package::kNetworking, "Ports that a rule is about.",
                        kPortFields};

constexpr std::string_view kPortsDoc =
    "Ports that may be connected to, any one of them. Without any: all ports and protocols.";

constexpr Field kIngressRuleFields[] = {
    objs("ports", kPort, kPortsDoc),
    objs("from", kPeer, "Who may connect, any one of them. Without any: everybody."),
};
constexpr Message kIngressRule{"NetworkPolicyIngressRule", Package::kNetworking,
                               "Allows connections that match both from and ports.",
                               kIngressRuleFields};

constexpr Field kEgressRuleFields[] = {
    objs("ports", kPort, kPortsDoc),
    objs("to", kPeer, "Who may be connected to, any one of them. Without any: everybody."),
};
constexpr Message kEgressRule{"NetworkPolicyEgressRule", Package::kNetworking,
                              "Allows connections that match both to and ports.",
                              kEgressRuleFields};

constexpr Field kSpecFields[] = {
    obj("podSelector", kLabelSelector,
        "Pods of the policy's namespace that it is about; an empty selector picks all of them.")
        .emitAlways(),
    objs("ingress", kIngressRule,
         "What the pods accept, any rule of any policy. Without rules: nothing, if policyTypes has "
         "Ingress."),
    objs("egress", kEgressRule,
         "What the pods may connect to, any rule of any policy. Without rules: nothing, if "
         "policyTypes has Egress."),
    strs("policyTypes",
         "Directions that the policy isolates the pods in: Ingress, Egress or both. If not set: "
         "Ingress, and Egress if there are egress rules."),
};
constexpr Message kSpec{"NetworkPolicySpec", Package::kNetworking,
                        "Which pods, and what connections they may have.", kSpecFields};

constexpr Field kNetworkPolicyFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kSpec, "Which pods, and what connections they may have.").emitAlways(),
};

}  // namespace

constinit const Message kNetworkPolicy{
    "NetworkPolicy", Package::kNetworking,
    "Allows connections of pods, which are denied all others in the direction that it is about.",
    kNetworkPolicyFields};

}  // namespace hitless::kube::schema
