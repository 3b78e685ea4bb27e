#include "core/kube/schema_types.h"

namespace hitless::kube::schema {
namespace {

constexpr Field kServiceCidrSpecFields[] = {
    strs("cidrs", "One network of each family at most."),
};
constexpr Message kServiceCidrSpec{"ServiceCIDRSpec", Package::kNetworking,
                                   "Networks that cluster IPs are taken from.",
                                   kServiceCidrSpecFields};

constexpr Field kServiceCidrFields[] = {
    kApiVersionField,
    kKindField,
    kMetadataField,
    obj("spec", kServiceCidrSpec, "The networks."),
};

}  // namespace

constinit const Message kServiceCidr{"ServiceCIDR", Package::kNetworking,
                                     "Networks that cluster IPs are taken from.",
                                     kServiceCidrFields};

}  // namespace hitless::kube::schema
