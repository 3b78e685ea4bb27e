#include "core/node/capabilities.h"

#include <linux/capability.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace hitless::node {
namespace {

constexpr std::string_view kAll = "ALL";

/// By number.
constexpr std::array<std::string_view, 41> kNames = {"CHOWN",
                                                     "DAC_OVERRIDE",
                                                     "DAC_READ_SEARCH",
                                                     "FOWNER",
                                                     "FSETID",
                                                     "KILL",
                                                     "SETGID",
                                                     "SETUID",
                                                     "SETPCAP",
                                                     "LINUX_IMMUTABLE",
                                                     "NET_BIND_SERVICE",
                                                     "NET_BROADCAST",
                                                     "NET_ADMIN",
                                                     "NET_RAW",
                                                     "IPC_LOCK",
                                                     "IPC_OWNER",
                                                     "SYS_MODULE",
                                                     "SYS_RAWIO",
                                                     "SYS_CHROOT",
                                                     "SYS_PTRACE",
                                                     "SYS_PACCT",
                                                     "SYS_ADMIN",
                                                     "SYS_BOOT",
                                                     "SYS_NICE",
                                                     "SYS_RESOURCE",
                                                     "SYS_TIME",
                                                     "SYS_TTY_CONFIG",
                                                     "MKNOD",
                                                     "LEASE",
                                                     "AUDIT_WRITE",
                                                     "AUDIT_CONTROL",
                                                     "SETFCAP",
                                                     "MAC_OVERRIDE",
                                                     "MAC_ADMIN",
                                                     "SYSLOG",
                                                     "WAKE_ALARM",
                                                     "BLOCK_SUSPEND",
                                                     "AUDIT_READ",
                                                     "PERFMON",
                                                     "BPF",
                                                     "CHECKPOINT_RESTORE"};
static_assert(kNames[CAP_NET_ADMIN] == "NET_ADMIN" && kNames[CAP_MKNOD] == "MKNOD" &&
              kNames[CAP_SETFCAP] == "SETFCAP" &&
              kNames[CAP_CHECKPOINT_RESTORE] == "CHECKPOINT_RESTORE");

constexpr Capabilities bit(unsigned number) {
  return Capabilities{1} << number;
}

constexpr Capabilities kEvery = bit(kNames.size()) - 1;

bool namesAll(const std::vector<std::string>& names) {
  return std::find(names.begin(), names.end(), kAll) != names.end();
}

Capabilities maskOf(const std::vector<std::string>& names) {
  Capabilities out = namesAll(names) ? kEvery : 0;
  for (std::string_view name : names) {
    name = name.starts_with("CAP_") ? name.substr(4) : name;
    const auto* row = std::find(kNames.begin(), kNames.end(), name);
    out |= row == kNames.end() ? 0 : bit(static_cast<unsigned>(row - kNames.begin()));
  }
  return out;
}

}  // namespace

Capabilities defaultCapabilities() {
  constexpr std::array<unsigned, 14> kDefault = {
      CAP_AUDIT_WRITE, CAP_CHOWN,   CAP_DAC_OVERRIDE,     CAP_FOWNER,    CAP_FSETID,
      CAP_KILL,        CAP_MKNOD,   CAP_NET_BIND_SERVICE, CAP_NET_RAW,   CAP_SETFCAP,
      CAP_SETGID,      CAP_SETPCAP, CAP_SETUID,           CAP_SYS_CHROOT};
  Capabilities out = 0;
  for (const unsigned number : kDefault) {
    out |= bit(number);
  }
  return out;
}

Capabilities capabilitiesOf(const std::vector<std::string>& add,
                            const std::vector<std::string>& drop) {
  // As container runtimes do it: "ALL" of either list first, then the names.
  const Capabilities begin = namesAll(add) ? kEvery : namesAll(drop) ? 0 : defaultCapabilities();
  const Capabilities dropped = namesAll(drop) ? 0 : maskOf(drop);
  return (begin | maskOf(add)) & ~dropped;
}

}  // namespace hitless::node
