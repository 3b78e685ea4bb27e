#include "app/cluster/fabric.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>

namespace hitless::app {
namespace {

constexpr const char* kBridge = "fabric";

/// Runs in the node's own namespaces, before its program.
Status configureNode(int index, const Addresses& addresses) {
  const std::string name = nodeName(index);
  if (::sethostname(name.data(), name.size()) != 0) {
    return osFail("cannot set the host name");
  }
  sys::Links links = TRY(sys::Links::open());
  TRY_VOID(links.setUp("lo"));
  TRY_VOID(links.addAddress("eth0", {addresses.node(index), addresses.fabric.length}));
  TRY_VOID(links.setUp("eth0"));
  // Nothing is behind it; ClusterIPs need a route before the rules can translate them.
  return links.addDefaultRoute(addresses.controlPlane());
}

[[noreturn]] void become(const std::vector<std::string>& argv) {
  std::vector<char*> pointers;
  for (const std::string& word : argv) {
    pointers.push_back(const_cast<char*>(word.c_str()));
  }
  pointers.push_back(nullptr);
  ::execv(pointers[0], pointers.data());
  std::perror(pointers[0]);
  ::_exit(127);
}

int runNode(int index, const Addresses& addresses, const std::vector<std::string>& argv,
            const std::string& logPath, int attached) {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  const int log = ::open(logPath.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (log >= 0) {
    ::dup2(log, STDOUT_FILENO);
    ::dup2(log, STDERR_FILENO);
    ::close(log);
  }
  char go = 0;
  if (::read(attached, &go, 1) != 1) {
    return 126;
  }
  ::close(attached);
  if (const Status status = configureNode(index, addresses); !status) {
    std::fprintf(stderr, "%s: %s\n", nodeName(index).c_str(), status.error().text().c_str());
    return 126;
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  become(argv);
}

}  // namespace

Result<Fabric> Fabric::create(const Addresses& addresses) {
  sys::Links links = TRY(sys::Links::open());
  TRY_VOID(links.setUp("lo"));
  TRY_VOID(links.addBridge(kBridge));
  TRY_VOID(links.addAddress(kBridge, {addresses.controlPlane(), addresses.fabric.length}));
  TRY_VOID(links.setUp(kBridge));
  return Fabric(addresses, std::move(links));
}

Status Fabric::attach(int index, pid_t node) {
  const int netns = TRY(sys::openNamespace(node, "net"));
  const std::string port = fabricPort(index);
  // A node that is restarted may find its predecessor's port still being torn down.
  if (TRY(links_.exists(port))) {
    TRY_VOID(links_.remove(port));
  }
  const Status added = links_.addVeth(port, "eth0", netns);
  ::close(netns);
  TRY_VOID(added);
  TRY_VOID(links_.setMaster(port, kBridge, false));
  TRY_VOID(links_.setUp(port));
  // What pods ask the API server goes back this way.
  const Status routed = links_.addRoute(addresses_.podsOf(index), addresses_.node(index));
  return routed || routed.error().kind == ErrorKind::kConflict ? Status() : routed;
}

Result<sys::ChildProcess> Fabric::startNode(int index, const std::vector<std::string>& argv,
                                            const std::string& logPath) {
  int attached[2];
  if (::pipe2(attached, O_CLOEXEC) != 0) {
    return osFail("cannot make a pipe");
  }
  auto child = sys::cloneChild({.net = true, .uts = true}, [&] {
    ::close(attached[1]);
    return runNode(index, addresses_, argv, logPath, attached[0]);
  });
  ::close(attached[0]);
  if (!child) {
    ::close(attached[1]);
    return child;
  }
  Status status = attach(index, child->pid);
  if (status && ::write(attached[1], "1", 1) != 1) {
    status = osFail("cannot start " + nodeName(index));
  }
  ::close(attached[1]);
  if (!status) {
    ::kill(child->pid, SIGKILL);
    ::waitpid(child->pid, nullptr, 0);
    ::close(child->pidfd);
    return tl::unexpected<Error>(std::move(status).error().during("attaching " + nodeName(index)));
  }
  return child;
}

}  // namespace hitless::app
