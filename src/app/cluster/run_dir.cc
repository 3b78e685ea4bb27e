#include "app/cluster/run_dir.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace hitless::app {
namespace {

namespace fs = std::filesystem;
namespace json = kube::json;

constexpr const char* kInfoFile = "cluster.json";
constexpr const char* kRunDirVariable = "HITLESS_RUN_DIR";

bool isDnsLabel(const std::string& name) {
  return !name.empty() && name.size() <= 63 && name.front() != '-' && name.back() != '-' &&
         name.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789-") == std::string::npos;
}

std::string baseDir() {
  if (const char* own = std::getenv(kRunDirVariable); own != nullptr && *own != '\0') {
    return own;
  }
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime != nullptr && *runtime != '\0' && ::access(runtime, W_OK) == 0) {
    return std::string(runtime) + "/hitless";
  }
  return fmt::format("/tmp/hitless-{}", ::getuid());
}

json::object processJson(const sys::ProcessId& process) {
  return {{"pid", process.pid}, {"startTime", process.startTime}};
}

sys::ProcessId processOfJson(const json::object& object, std::string_view key) {
  return {static_cast<pid_t>(kube::integer(object, {key, "pid"})),
          static_cast<std::uint64_t>(kube::integer(object, {key, "startTime"}))};
}

}  // namespace

std::string ClusterInfo::statePath(const std::string& relative) const {
  return fmt::format("/proc/{}/root{}/{}", init.pid, stateDir, relative);
}

json::object ClusterInfo::toJson() const {
  return {{"name", name},
          {"profile", profile},
          {"server", server},
          {"kubeconfig", kubeconfig},
          {"stateDir", stateDir},
          {"nodes", json::array(nodes.begin(), nodes.end())},
          {"init", processJson(init)},
          {"monitor", processJson(monitor)}};
}

ClusterInfo ClusterInfo::of(const json::object& object) {
  ClusterInfo info;
  info.name = kube::text(object, {"name"});
  info.profile = kube::text(object, {"profile"});
  info.server = kube::text(object, {"server"});
  info.kubeconfig = kube::text(object, {"kubeconfig"});
  info.stateDir = kube::text(object, {"stateDir"});
  if (const json::array* nodes = kube::findArray(object, {"nodes"})) {
    for (const json::value& node : *nodes) {
      if (node.is_string()) {
        info.nodes.emplace_back(node.get_string());
      }
    }
  }
  info.init = processOfJson(object, "init");
  info.monitor = processOfJson(object, "monitor");
  return info;
}

Result<RunDir> RunDir::of(const std::string& clusterName) {
  if (!isDnsLabel(clusterName)) {
    return invalid(fmt::format("'{}' cannot name a cluster", clusterName),
                   "use lower-case letters, digits and '-'");
  }
  return RunDir(baseDir() + "/" + clusterName);
}

Status RunDir::prepare() const {
  if (const auto running = read()) {
    return fail(ErrorKind::kConflict, fmt::format("cluster '{}' is running already", running->name),
                "hitless down stops it; --name starts another one beside it");
  }
  remove();
  std::error_code error;
  fs::create_directories(path_, error);
  if (error) {
    return osFail("cannot make " + path_, error.value());
  }
  // /tmp is shared: nobody else may own or read the directory.
  struct stat info {};
  if (::lstat(path_.c_str(), &info) != 0 || !S_ISDIR(info.st_mode) || info.st_uid != ::getuid()) {
    return fail(ErrorKind::kPermission, fmt::format("{} belongs to somebody else", path_),
                "set HITLESS_RUN_DIR to a directory of your own");
  }
  if (::chmod(path_.c_str(), 0700) != 0) {
    return osFail("cannot protect " + path_);
  }
  return {};
}

Result<ClusterInfo> RunDir::read() const {
  const auto none = [this] {
    return fail(ErrorKind::kNotFound,
                fmt::format("no cluster '{}' is running", fs::path(path_).filename().string()),
                "hitless up starts one");
  };
  const auto text = readFile(file(kInfoFile));
  if (!text) {
    return none();
  }
  const auto value = kube::parseJson(*text);
  if (!value || !value->is_object()) {
    return none();
  }
  ClusterInfo info = ClusterInfo::of(value->get_object());
  if (!sys::alive(info.init)) {
    return none();
  }
  return info;
}

Status RunDir::write(const ClusterInfo& info) const {
  return writePrivateFile(file(kInfoFile), json::serialize(info.toJson()) + "\n");
}

void RunDir::remove() const {
  std::error_code ignored;
  fs::remove_all(path_, ignored);
  // The parent goes with the last cluster, unless it is a directory of the user's own.
  if (std::getenv(kRunDirVariable) == nullptr) {
    fs::remove(fs::path(path_).parent_path(), ignored);
  }
}

Status writePrivateFile(const std::string& path, const std::string& text) {
  const std::string temporary = path + ".new";
  const int fd = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0) {
    return osFail("cannot write " + path);
  }
  const bool written = ::write(fd, text.data(), text.size()) == static_cast<ssize_t>(text.size());
  const int err = errno;
  ::close(fd);
  if (!written || ::rename(temporary.c_str(), path.c_str()) != 0) {
    ::unlink(temporary.c_str());
    return osFail("cannot write " + path, written ? errno : err);
  }
  return {};
}

Result<std::string> readFile(const std::string& path) {
  std::ifstream file(path);
  if (!file) {
    return osFail("cannot read " + path, errno == 0 ? ENOENT : errno);
  }
  return std::string((std::istreambuf_iterator<char>(file)), {});
}

}  // namespace hitless::app
