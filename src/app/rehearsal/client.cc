#include "app/rehearsal/client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <csignal>
#include <cstdlib>

#include "app/cluster/addresses.h"
#include "app/cluster/cluster_process.h"
#include "app/overlay.h"
#include "app/rehearsal/foreign_client.h"
#include "base/ip.h"
#include "base/text.h"
#include "core/kube/objects.h"
#include "core/load/spec.h"
#include "core/node/pod_dns.h"
#include "core/report/foreign.h"

namespace hitless::app {
namespace {

/// How long a load may take to end after it was asked to: its own time-outs, and some.
constexpr int kFinishTimeoutMs = 30'000;
constexpr const char* kResolvConf = "/etc/resolv.conf";

WallTime wallNow() {
  return std::chrono::system_clock::now();
}

std::string slug(std::string_view name) {
  std::string out;
  for (const char c : name) {
    out += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
  }
  return out;
}

/// A program as it is started.
struct Start {
  std::vector<std::string> argv;
  std::vector<std::pair<std::string, std::string>> environment;
  std::string folder;  ///< Working directory; empty = as it is.
  std::string log;
};

Status enter(const ClientPlace& place, const Start& start) {
  TRY_VOID(sys::joinNamespaces(place.nodePid, {"user", "net"}));
  // A change of credentials, as on joining a user namespace, forgets this: so it comes after.
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  TRY_VOID(ownMounts());
  TRY_VOID(overlayFile(kResolvConf, place.resolvConf));
  if (!start.folder.empty() && ::chdir(start.folder.c_str()) != 0) {
    return osFail("cannot enter " + start.folder);
  }
  return {};
}

[[noreturn]] void become(const ClientPlace& place, const Start& start) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int log = ::open(start.log.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  if (const Status entered = enter(place, start); !entered) {
    fmt::print(stderr, "{}\n", entered.error().text());
    std::fflush(stderr);
    ::_exit(126);
  }
  for (const auto& [name, value] : start.environment) {
    ::setenv(name.c_str(), value.c_str(), 1);
  }
  std::vector<char*> pointers;
  for (const std::string& word : start.argv) {
    pointers.push_back(const_cast<char*>(word.c_str()));
  }
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
}

/// HTTP/1.1 to a name that has a ClusterIP needs no name server: it is told the address. Everything
/// else asks, as a client in a pod does.
bool isTold(const load::LoadSpec& spec) {
  return spec.protocol == load::Protocol::kHttp1 && spec.resolution == load::Resolution::kSystem;
}

Result<std::vector<std::string>> loadCommand(ApiSession& api, const scenario::LoadLine& line,
                                             const std::string& output) {
  const load::LoadSpec spec = TRY(load::parseLoadSpec(line.spec));
  std::vector<std::string> argv{sys::ownPath(),     "load",     line.spec,
                                "--stop-on-signal", "--output", output};
  if (isTold(spec)) {
    argv.emplace_back("--resolve");
    argv.push_back(spec.host + "=" + TRY(resolveService(api, spec.host)));
  }
  return argv;
}

/// What a pod of namespace default with the default dnsPolicy has.
std::string podResolvConf() {
  const std::string host = readFile(kResolvConf).value_or("");
  node::PodSpec pod;
  pod.ns = "default";
  return dns::render(
      node::podDnsOf(pod, dns::parseResolvConf(host), {Addresses::standard().dns().text()}).conf);
}

std::string describe(int status) {
  return WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                             : fmt::format("status {}", WEXITSTATUS(status));
}

}  // namespace

Result<std::string> resolveService(ApiSession& api, const std::string& host) {
  if (IpAddress::parse(host)) {
    return host;
  }
  const auto labels = split(host, '.');
  const std::string name(labels[0]);
  const std::string ns(labels.size() > 1 ? labels[1] : "default");
  const auto object = api.get(sys::pathOf(kube::res::kServices, ns, name));
  if (!object) {
    return tl::unexpected<Error>(Error(object.error()).during("looking up " + host));
  }
  const kube::Service service = kube::serviceOf(*object);
  if (service.headless() || service.clusterIPs.empty()) {
    return fail(ErrorKind::kUnsupported,
                fmt::format("Service {}/{} has no ClusterIP to send load to", ns, name),
                "with resolve=dns in its spec the load asks for the pods' addresses");
  }
  return service.clusterIPs.front();
}

Result<ClientPlace> placeOn(const ClusterInfo& info, const std::string& node) {
  ClientPlace place;
  place.node = node;
  place.nodePid = TRY(nodeProcess(info, node));
  place.profile = info.profile;
  place.resolvConf = podResolvConf();
  place.workDir = info.kubeconfig.substr(0, info.kubeconfig.rfind('/'));
  place.kubeconfig = place.workDir + "/client.kubeconfig";
  const std::string kubeconfig = TRY(readFile(info.statePath(kNodeKubeconfig)));
  TRY_VOID(writePrivateFile(place.kubeconfig, kubeconfig));
  return place;
}

Result<LoadClient> LoadClient::start(const ClientPlace& place, ApiSession& api,
                                     const scenario::LoadLine& line, std::size_t number) {
  const std::string stem = fmt::format("{}/load-{}-{}", place.workDir, number, slug(line.name));
  const Files files{stem + ".json", stem + ".log"};
  Start start{{}, {}, {}, files.log};
  if (line.client.empty()) {
    start.argv = TRY(loadCommand(api, line, files.result));
  } else {
    start.argv = TRY(clientCommand(line.client, place.folder));
    start.environment = {{"HITLESS_OUTPUT", files.result},
                         {"HITLESS_NODE", place.node},
                         {"KUBECONFIG", place.kubeconfig},
                         {"HITLESS_PROFILE", place.profile}};
    start.folder = place.folder;
  }
  const auto child = sys::cloneChild({}, [&]() -> int { become(place, start); });
  if (!child) {
    return tl::unexpected<Error>(child.error());
  }
  return LoadClient(line, files, wallNow(), *child);
}

/// Its wait status.
int LoadClient::end() {
  ::kill(process_.pid, SIGTERM);
  pollfd poll{process_.pidfd, POLLIN, 0};
  if (::poll(&poll, 1, kFinishTimeoutMs) == 0) {
    ::kill(process_.pid, SIGKILL);
  }
  int status = 0;
  ::waitpid(process_.pid, &status, 0);
  ::close(process_.pidfd);
  return status;
}

Status LoadClient::awaitEnd(nanoseconds timeout) {
  const auto ms = std::chrono::duration_cast<milliseconds>(timeout).count();
  pollfd poll{process_.pidfd, POLLIN, 0};
  if (line_.endsItself && ::poll(&poll, 1, static_cast<int>(ms)) == 0) {
    return fail(ErrorKind::kUnavailable,
                fmt::format("load '{}' has not ended by itself within {} s", line_.name, ms / 1000),
                "see " + files_.log);
  }
  return {};
}

Result<report::NamedLoad> LoadClient::stop() {
  const int status = end();
  const WallTime ended = wallNow();
  const auto text = readFile(files_.result);
  if (!text) {
    const auto log = readFile(files_.log);
    return fail(ErrorKind::kInternal,
                fmt::format("load '{}' gave no result ({}): {}", line_.name, describe(status),
                            log ? trim(*log) : text.error().text()));
  }
  auto value = TRY(kube::parseJson(*text));
  if (!value.is_object()) {
    return fail(ErrorKind::kInternal, fmt::format("load '{}' wrote no JSON object", line_.name));
  }
  if (line_.client.empty()) {
    return report::NamedLoad{line_.name, TRY(load::fromJson(value.get_object()))};
  }
  return report::foreignLoad({line_.name, join(line_.client, " "), started_, ended},
                             std::move(value.get_object()));
}

}  // namespace hitless::app
