#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/agent/options.h"
#include "base/clock.h"
#include "base/error.h"
#include "base/ip.h"

namespace hitless::app {

/// What connection tracking is set to at start; nothing: left as it is.
struct ConntrackConfig {
  std::optional<std::int64_t> maxPerCore;
  std::optional<std::int64_t> min;
  std::optional<nanoseconds> tcpEstablishedTimeout;
  std::optional<nanoseconds> tcpCloseWaitTimeout;
  std::optional<bool> tcpBeLiberal;
  std::optional<nanoseconds> udpTimeout;
  std::optional<nanoseconds> udpStreamTimeout;
};

/// kube-proxy's configuration, as far as it means anything for us.
struct ProxyConfig {
  std::string hostname;  ///< Empty: the machine's.
  std::string kubeconfig;
  std::string serviceProxyName;
  std::vector<Cidr> clusterCidrs;
  std::string detectLocalMode;  ///< Empty: ClusterCIDR.
  std::string bridgeInterface;
  std::string interfaceNamePrefix;
  bool primaryNodePorts = true;
  std::vector<Cidr> nodePortNetworks;
  bool masqueradeAll = false;
  nanoseconds syncPeriod = seconds(30);
  nanoseconds minSyncPeriod{};
  BindAddress healthz{"0.0.0.0", 10256};
  BindAddress metrics{"127.0.0.1", 10249};
  std::optional<int> oomScoreAdj;
  ConntrackConfig conntrack;
};

enum class KeyKind { kString, kBool, kInteger, kDuration, kStrings, kAnything };
std::string_view describe(KeyKind kind);

/// What became of a key that was given.
enum class KeyEffect {
  kUsed,
  kAccepted,  ///< Understood, without effect here: said at level info.
  kForeign,   ///< Belongs to another mode of kube-proxy: said as a warning.
};

/// One key of the file, and its flag. This table is the truth for parser, flags and documentation.
struct ConfigKey {
  std::string_view path;  ///< "nftables.minSyncPeriod"
  KeyKind kind = KeyKind::kString;
  KeyEffect effect = KeyEffect::kUsed;
  std::string_view flags;     ///< "--min-sync-period"; empty: none. Several: separated by commas.
  std::string_view standard;  ///< What holds when it is not given, in words.
  std::string_view help;
  /// Sets it from texts that fit the kind: one, or any number for kStrings. nullptr: no effect.
  Status (*set)(ProxyConfig& config, const std::vector<std::string>& values);
};

std::span<const ConfigKey> configKeys();

/// Sets a key from the text of its flag; lists are separated by commas. The error names the flag.
Status setFromFlag(ProxyConfig& config, const ConfigKey& key, const std::string& text);
/// Whether a text is a value of the kind; always true for kString and kStrings.
bool fits(KeyKind kind, const std::string& text);

/// What no single key can tell: values that need each other.
Status validate(const ProxyConfig& config);

/// docs/configuration.md
std::string renderConfigPage();

}  // namespace hitless::app
