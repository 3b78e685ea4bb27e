#include "app/explain/command.h"

#include <fmt/format.h>

#include <algorithm>

#include "app/explain/name.h"
#include "app/explain/policy.h"
#include "app/explain/standpoint.h"
#include "app/terminal.h"
#include "base/text.h"
#include "core/rules/inspect.h"
#include "core/rules/names.h"
#include "sys/netlink/nft_dataplane.h"

namespace hitless::app {
namespace {

using service::Origin;

Result<std::vector<rules::HeldAddress>> readKernel(const service::ServiceName& name) {
  auto kernel = TRY(sys::NftDataplane::open(std::string(rules::names::kTable)));
  const nft::Ruleset applied = TRY(kernel.read());
  if (!applied.table) {
    return fail(ErrorKind::kNotFound,
                "the kernel has no table 'inet hitless' in this network namespace: no agent has "
                "written rules here");
  }
  return rules::heldFor(applied, name);
}

std::string endpointsText(const std::vector<service::Target>& targets) {
  std::vector<std::string> texts;
  for (const service::Target& target : targets) {
    texts.push_back(target.text());
  }
  return texts.empty() ? "no endpoint" : join(texts, ", ");
}

/// The list that the kernel uses for this address and source: nullptr if it has none.
const rules::HeldAddress* heldAt(const std::vector<rules::HeldAddress>& held,
                                 const std::string& address, Origin origin) {
  const rules::HeldAddress* found = nullptr;
  for (const rules::HeldAddress& candidate : held) {
    if (candidate.address == address &&
        (candidate.view == rules::View::kOwn || origin != Origin::kExternal)) {
      found = &candidate;  // The list for connections from the node comes after the common one.
    }
  }
  return found;
}

/// A line for each address where the kernel and the objects differ.
std::vector<std::string> differences(const service::Explanation& explanation,
                                     const std::vector<rules::HeldAddress>& held, Origin origin) {
  std::vector<std::string> lines;
  for (const service::ExplainedAddress& address : explanation.addresses) {
    std::vector<service::Target> wanted;
    for (const service::ExplainedEndpoint& endpoint : address.endpoints) {
      if (endpoint.fate == service::Fate::kChosen) {
        wanted.push_back(endpoint.target);
      }
    }
    std::sort(wanted.begin(), wanted.end());
    wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
    const rules::HeldAddress* kernel = heldAt(held, address.address, origin);
    const std::vector<service::Target> have =
        kernel == nullptr ? std::vector<service::Target>{} : kernel->endpoints;
    if (have != wanted) {
      lines.push_back(fmt::format("{}: the kernel has {}, the objects say {}", address.address,
                                  endpointsText(have), endpointsText(wanted)));
    }
  }
  return lines;
}

std::string heldText(const std::vector<rules::HeldAddress>& held) {
  std::string text;
  for (const rules::HeldAddress& address : held) {
    const std::string_view what = address.outcome == service::Outcome::kForward  ? ""
                                  : address.outcome == service::Outcome::kReject ? "refused, "
                                                                                 : "dropped, ";
    text += fmt::format("  {}{}: {}{}\n", address.address,
                        address.view == rules::View::kOwn ? "" : ", from this node", what,
                        endpointsText(address.endpoints));
  }
  return text.empty() ? "  nothing under this name\n" : text;
}

/// Only what the kernel holds: needs no cluster.
Status explainKernel(const WantedService& wanted) {
  const auto held = TRY(readKernel(wanted.name));
  fmt::print("Service {}, in this network namespace's rules\n{}", wanted.name.text(),
             heldText(held));
  return {};
}

Status explainService(const ExplainOptions& options) {
  const WantedService wanted = wantedService(options);
  const bool haveObjects = !options.files.empty() || explainedKubeconfig(options);
  if (options.kernel && !haveObjects) {
    return explainKernel(wanted);
  }
  const ExplainedCluster cluster = TRY(readCluster(options, wanted));
  if (!cluster.state.service) {
    return fail(ErrorKind::kNotFound,
                fmt::format("there is no Service {} in what was given", wanted.name.text()));
  }
  const Standpoint at = TRY(standpoint(options, cluster));
  const auto explanation = service::explain(cluster.state, at.node, at.source, wanted.port);
  if (!explanation.skipped && explanation.addresses.empty()) {
    return fail(ErrorKind::kNotFound,
                fmt::format("Service {} has no port '{}'", wanted.name.text(), wanted.port));
  }
  std::vector<std::string> differing;
  if (options.kernel) {
    const auto held = TRY(readKernel(wanted.name));
    differing = differences(explanation, held, at.source.origin);
  }
  if (options.output == "json") {
    kube::json::object json = service::jsonOf(wanted.name, at.node, at.source, explanation);
    if (options.kernel) {
      json["differences"] = kube::json::array(differing.begin(), differing.end());
    }
    fmt::print("{}\n", kube::json::serialize(json));
    return {};
  }
  fmt::print("{}", service::textOf(wanted.name, at.node, at.source, explanation));
  if (options.kernel) {
    fmt::print("{}", differing.empty() ? "The kernel holds the same.\n" : "The kernel differs:\n");
    for (const std::string& line : differing) {
      fmt::print("  {}\n", line);
    }
  }
  return {};
}

void declareService(CLI::App& parser, ExplainOptions& options) {
  parser.add_option("service", options.service, "[NAMESPACE/]NAME[:PORT]")->required();
  parser.add_option("-n,--namespace", options.ns, "Where the Service is")->capture_default_str();
  parser
      .add_option("--from", options.from,
                  "Where the connection begins: pod, node, external, an IP address, or a pod's "
                  "NAMESPACE/NAME")
      ->capture_default_str();
  parser.add_option("--node", options.node,
                    "Whose rules it meets (default: the node of --from, else the first)");
  parser.add_option("-f,--filename", options.files,
                    "Manifests of the Service, its EndpointSlices and Nodes, instead of a cluster");
  parser.add_option("--kubeconfig", options.kubeconfig,
                    "The cluster (default: $KUBECONFIG, else the running embedded cluster)");
  parser.add_option("--service-proxy-name", options.proxyName,
                    "The proxy's name, as its label service.kubernetes.io/service-proxy-name");
  parser.add_flag("--kernel", options.kernel,
                  "Compare with the rules in this network namespace (or print them)");
  parser.add_option("-o,--output", options.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

}  // namespace

std::function<int()> addExplain(CLI::App& parser) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* service = parser.add_subcommand(
      "service", "Which endpoints a new connection to a Service can reach, and why");
  CLI::App* name = parser.add_subcommand("name", "What a name resolves to for a pod, and why");
  CLI::App* policy = parser.add_subcommand(
      "policy", "Whether NetworkPolicies allow a connection, and which of them decide");
  parser.require_subcommand(1);
  declareService(*service, *options);
  const auto explainName = addExplainName(*name);
  const auto explainPolicy = addExplainPolicy(*policy);
  return [options, name, policy, explainName, explainPolicy] {
    return name->parsed()     ? explainName()
           : policy->parsed() ? explainPolicy()
                              : exitStatus(explainService(*options));
  };
}

}  // namespace hitless::app
