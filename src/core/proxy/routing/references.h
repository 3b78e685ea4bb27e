#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>

#include "core/proxy/routing/objects.h"

/// What references of routes, Gateways and Ingresses lead to.
namespace hitless::proxy::routing {

/// Why a reference leads nowhere: a reason of condition ResolvedRefs, and a sentence.
struct Problem {
  std::string reason;
  std::string message;
};

/// Which port of which Service a cluster stands for.
struct ClusterSource {
  ObjectName service;
  std::uint16_t port = 0;
  UpstreamProtocol protocol = UpstreamProtocol::kHttp1;
  bool operator==(const ClusterSource&) const = default;
};
using ClusterSources = std::map<std::string, ClusterSource>;

/// Who refers.
struct Referrer {
  std::string_view group;
  std::string_view kind;
  std::string_view ns;
};

/// Whether a ReferenceGrant of the target's namespace allows it, or it is the referrer's own.
bool isGranted(const Objects& objects, const Referrer& from, const Reference& to);

/// Looks references up; the clusters that they lead to are collected in `clusters`, and in
/// `services` the Services that they name.
class References {
 public:
  References(const Objects& objects, std::string clusterDomain, ClusterSources& clusters,
             std::set<ObjectName>& services)
      : objects_(objects),
        clusterDomain_(std::move(clusterDomain)),
        clusters_(clusters),
        services_(services) {}

  /// The cluster's name is empty if there is a problem; it is set then.
  std::string cluster(const BackendRef& backend, const Referrer& from, bool grpc,
                      std::optional<Problem>& problem);
  /// Only of Secrets; nullptr if there is a problem.
  const Certificate* certificate(const Reference& ref, const Referrer& from,
                                 std::optional<Problem>& problem) const;

 private:
  const Objects& objects_;
  std::string clusterDomain_;
  ClusterSources& clusters_;
  std::set<ObjectName>& services_;
};

}  // namespace hitless::proxy::routing
