#include "app/explain/policy.h"

#include <fmt/format.h>

#include <memory>

#include "app/cluster/run_dir.h"
#include "app/explain/policy_kernel.h"
#include "app/explain/policy_objects.h"
#include "app/terminal.h"
#include "core/kube/yaml.h"
#include "core/policy/explain.h"

namespace hitless::app {
namespace {

namespace json = kube::json;

struct PolicyOptions {
  std::string from;
  std::string to;
  std::string port;
  std::string probes;  ///< A file; empty: the one probe of the three above.
  bool judgeOwnNode = false;
  bool kernel = false;
  ExplainOptions objects;
};

/// JSON is far quicker to read; what is none may be YAML, whose errors name the line.
Result<json::value> readProbes(const std::string& file) {
  const std::string text = TRY(readFile(file));
  if (auto value = kube::parseJson(text)) {
    return std::move(*value);
  }
  auto documents = TRY(kube::parseYaml(text, file));
  return documents.size() == 1 ? std::move(documents.front().value) : json::value(nullptr);
}

Result<std::vector<policy::Answer>> answerAll(const policy::Evaluator& evaluator,
                                              const PolicyOptions& options) {
  const json::value list = TRY(readProbes(options.probes));
  const auto probes = TRY(policy::probesOf(list, options.probes));
  std::vector<policy::Answer> answers;
  answers.reserve(probes.size());
  for (std::size_t i = 0; i < probes.size(); ++i) {
    auto answer = policy::answer(evaluator, probes[i], options.objects.ns);
    if (!answer) {
      return tl::unexpected<Error>(
          std::move(answer).error().about(fmt::format("{}[{}]", options.probes, i)));
    }
    answers.push_back(std::move(*answer));
  }
  return answers;
}

/// nullopt unless the kernel is to be asked.
Result<std::optional<nft::Ruleset>> kernelTable(const PolicyOptions& options) {
  return options.kernel ? std::optional(TRY(readPolicyTable())) : std::nullopt;
}

Status explainBatch(const policy::Evaluator& evaluator, const PolicyOptions& options) {
  const auto answers = TRY(answerAll(evaluator, options));
  const auto table = TRY(kernelTable(options));
  json::array list;
  list.reserve(answers.size());
  for (const policy::Answer& answer : answers) {
    std::optional<KernelAnswer> kernel;
    if (table) {
      kernel = TRY(askKernel(*table, answer));
    }
    if (options.objects.output == "text") {
      fmt::print("{}", policy::lineOf(answer));
      if (kernel && !kernel->difference.empty()) {
        fmt::print("  rules of this node: {}, but {}\n", kernel->verdict, kernel->difference);
      }
      continue;
    }
    list.push_back(policy::jsonOf(answer));
    if (kernel) {
      list.back().as_object()["kernel"] = jsonOf(*kernel);
    }
  }
  if (options.objects.output == "text") {
    return {};
  }
  fmt::print("{}\n", json::serialize(list));
  return {};
}

Status explainOne(const policy::Evaluator& evaluator, const PolicyOptions& options) {
  const auto probe = TRY(policy::parseProbe(options.from, options.to, options.port));
  const auto answer = TRY(policy::answer(evaluator, probe, options.objects.ns));
  const auto table = TRY(kernelTable(options));
  if (options.objects.output == "json") {
    json::object out = policy::jsonOf(answer);
    if (table) {
      out["kernel"] = jsonOf(TRY(askKernel(*table, answer)));
    }
    fmt::print("{}\n", json::serialize(out));
    return {};
  }
  fmt::print("{}", policy::textOf(evaluator, answer));
  if (table) {
    fmt::print("{}", textOf(TRY(askKernel(*table, answer))));
  }
  return {};
}

Status explainPolicy(const PolicyOptions& options) {
  const bool one = !options.from.empty() && !options.to.empty() && !options.port.empty();
  const bool part = !options.from.empty() || !options.to.empty() || !options.port.empty();
  if (one == !options.probes.empty() || part != one) {
    return invalid("what is asked is either --from, --to and --port, or --probes FILE");
  }
  policy::State state = TRY(readPolicyState(options.objects));
  const policy::Evaluator evaluator(std::move(state), {!options.judgeOwnNode});
  return one ? explainOne(evaluator, options) : explainBatch(evaluator, options);
}

void declarePolicy(CLI::App& parser, PolicyOptions& options) {
  parser.add_option("--from", options.from,
                    "Who connects: a pod, [NAMESPACE/]NAME, or an IP address");
  parser.add_option("--to", options.to,
                    "Who is connected to, as for --from; of a Service, the endpoint");
  parser.add_option("--port", options.port,
                    "PORT[/PROTOCOL], by number or as the pod names it (default protocol: TCP)");
  parser.add_option("--probes", options.probes,
                    "Instead, a JSON list of {from, to, port, protocol}, all answered");
  parser.add_option("-n,--namespace", options.objects.ns, "Of names that are without one")
      ->capture_default_str();
  parser.add_option(
      "-f,--filename", options.objects.files,
      "Manifests of NetworkPolicies, Pods, Namespaces and Nodes, instead of a cluster");
  parser.add_option("--kubeconfig", options.objects.kubeconfig,
                    "The cluster (default: $KUBECONFIG, else the running embedded cluster)");
  parser.add_flag("--kernel", options.kernel,
                  "Ask the rules in this network namespace, too, and say where they differ");
  parser.add_flag("--judge-own-node", options.judgeOwnNode,
                  "Let policies also decide about what a pod sends to its own node");
  parser.add_option("-o,--output", options.objects.output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

}  // namespace

std::function<int()> addExplainPolicy(CLI::App& parser) {
  auto options = std::make_shared<PolicyOptions>();
  declarePolicy(parser, *options);
  return [options] { return exitStatus(explainPolicy(*options)); };
}

}  // namespace hitless::app
