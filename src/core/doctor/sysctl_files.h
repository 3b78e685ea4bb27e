#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "core/doctor/evidence.h"

/// sysctl.d(5) and sysctl.conf(5): what kernel parameters become at the next boot or reload.
namespace hitless::doctor {

inline constexpr std::string_view kSysctlConf = "etc/sysctl.conf";
/// In the order of precedence where files have the same name.
inline constexpr std::string_view kSysctlFolders[] = {
    "etc/sysctl.d/*.conf", "run/sysctl.d/*.conf", "usr/local/lib/sysctl.d/*.conf",
    "usr/lib/sysctl.d/*.conf", "lib/sysctl.d/*.conf"};

struct SysctlLine {
  std::string file;  ///< "/etc/sysctl.d/99-hardening.conf"
  std::size_t line = 0;
  std::string name;  ///< "net/ipv4/ip_forward", as in WriteSysctl; may have '*'.
  std::string value;
  bool operator==(const SysctlLine&) const = default;
};

/// Lines that set nothing are left out.
std::vector<SysctlLine> parseSysctlFile(const std::string& file, std::string_view text);
/// Of all files, in the order in which they are carried out: the last one of a name stands.
std::vector<SysctlLine> sysctlLines(const Evidence& evidence);

}  // namespace hitless::doctor
