#include "app/rehearsal/client.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "app/cluster/cluster_process.h"
#include "base/ip.h"
#include "base/text.h"
#include "core/kube/objects.h"
#include "core/load/spec.h"

namespace hitless::app {
namespace {

/// How long a load may take to end after it was asked to: its own time-outs, and some.
constexpr int kFinishTimeoutMs = 20'000;

std::string slug(std::string_view name) {
  std::string out;
  for (const char c : name) {
    out += (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ? c : '-';
  }
  return out;
}

[[noreturn]] void becomeLoad(const std::vector<std::string>& argv, pid_t node,
                             const std::string& logPath) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int log = ::open(logPath.c_str(), O_WRONLY | O_CREAT | O_TRUNC, 0600);
  ::dup2(log, STDOUT_FILENO);
  ::dup2(log, STDERR_FILENO);
  if (const Status joined = sys::joinNamespaces(node, {"user", "net"}); !joined) {
    fmt::print(stderr, "{}\n", joined.error().text());
    ::_exit(126);
  }
  std::vector<char*> pointers;
  for (const std::string& word : argv) {
    pointers.push_back(const_cast<char*>(word.c_str()));
  }
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  ::_exit(127);
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
                fmt::format("Service {}/{} has no ClusterIP to send load to", ns, name));
  }
  return service.clusterIPs.front();
}

Result<LoadClient> LoadClient::start(const ClusterInfo& info, ApiSession& api,
                                     const std::string& node, const scenario::LoadLine& line,
                                     const std::string& workDir) {
  const load::LoadSpec spec = TRY(load::parseLoadSpec(line.spec));
  const std::string ip = TRY(resolveService(api, spec.host));
  const pid_t nodePid = TRY(nodeProcess(info, node));
  const std::string output = fmt::format("{}/load-{}.json", workDir, slug(line.name));
  const std::vector<std::string> argv{
      sys::ownPath(),     "load",     line.spec, "--resolve", spec.host + "=" + ip,
      "--stop-on-signal", "--output", output};
  const auto child = sys::cloneChild({}, [&]() -> int {
    becomeLoad(argv, nodePid, fmt::format("{}/load-{}.log", workDir, slug(line.name)));
  });
  if (!child) {
    return tl::unexpected<Error>(child.error());
  }
  return LoadClient(line.name, output, *child);
}

Result<report::NamedLoad> LoadClient::stop() {
  ::kill(process_.pid, SIGTERM);
  pollfd poll{process_.pidfd, POLLIN, 0};
  if (::poll(&poll, 1, kFinishTimeoutMs) == 0) {
    ::kill(process_.pid, SIGKILL);
  }
  int status = 0;
  ::waitpid(process_.pid, &status, 0);
  ::close(process_.pidfd);
  const auto text = readFile(output_);
  if (!text) {
    const auto log = readFile(output_.substr(0, output_.size() - 5) + ".log");
    return fail(ErrorKind::kInternal, fmt::format("load '{}' gave no result: {}", name_,
                                                  log ? trim(*log) : text.error().text()));
  }
  const auto value = TRY(kube::parseJson(*text));
  if (!value.is_object()) {
    return fail(ErrorKind::kInternal, fmt::format("load '{}' wrote no JSON object", name_));
  }
  return report::NamedLoad{name_, TRY(load::fromJson(value.get_object()))};
}

}  // namespace hitless::app
