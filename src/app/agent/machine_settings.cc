#include "app/agent/machine_settings.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <algorithm>
#include <thread>

#include "base/text.h"
#include "sys/container/fd.h"
#include "sys/files/files.h"

namespace hitless::app {
namespace {

std::int64_t inSeconds(nanoseconds duration) {
  return std::chrono::duration_cast<seconds>(duration).count();
}

/// Files of /proc are written in place.
Status writeInPlace(const std::string& path, const std::string& text) {
  const sys::Fd fd(::open(path.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd.valid() || ::write(fd.get(), text.data(), text.size()) < 0) {
    return osFail("write " + path);
  }
  return {};
}

Status apply(const ConntrackSetting& setting) {
  const std::string path = "/proc/sys/net/netfilter/" + setting.name;
  const auto present = parseInt(trim(TRY(sys::readFile(path))));
  if (present && (*present == setting.value || (setting.raiseOnly && *present > setting.value))) {
    return {};
  }
  TRY_VOID(writeInPlace(path, std::to_string(setting.value)));
  spdlog::info("set {} to {}", setting.name, setting.value);
  return {};
}

}  // namespace

std::vector<ConntrackSetting> conntrackSettings(const ConntrackConfig& config, unsigned cpus) {
  std::vector<ConntrackSetting> settings;
  const std::int64_t scaled = config.maxPerCore.value_or(0) * static_cast<std::int64_t>(cpus);
  // kube-proxy: without a maximum for each CPU the minimum means nothing.
  if (scaled > 0) {
    settings.push_back({"nf_conntrack_max", std::max(scaled, config.min.value_or(0)), true});
  }
  const auto timeout = [&](const char* name, const std::optional<nanoseconds>& value) {
    if (value && *value > nanoseconds{}) {
      settings.push_back({name, inSeconds(*value), false});
    }
  };
  timeout("nf_conntrack_tcp_timeout_established", config.tcpEstablishedTimeout);
  timeout("nf_conntrack_tcp_timeout_close_wait", config.tcpCloseWaitTimeout);
  if (config.tcpBeLiberal.value_or(false)) {
    settings.push_back({"nf_conntrack_tcp_be_liberal", 1, false});
  }
  timeout("nf_conntrack_udp_timeout", config.udpTimeout);
  timeout("nf_conntrack_udp_timeout_stream", config.udpStreamTimeout);
  return settings;
}

void applyMachineSettings(const ProxyConfig& config) {
  const unsigned cpus = std::max(1U, std::thread::hardware_concurrency());
  for (const ConntrackSetting& setting : conntrackSettings(config.conntrack, cpus)) {
    if (const Status applied = apply(setting); !applied) {
      spdlog::warn("{}; it stays as it is", applied.error().text());
    }
  }
  if (config.oomScoreAdj) {
    const Status written =
        writeInPlace("/proc/self/oom_score_adj", std::to_string(*config.oomScoreAdj));
    if (!written) {
      spdlog::warn("{}; it stays as it is", written.error().text());
    }
  }
}

}  // namespace hitless::app
