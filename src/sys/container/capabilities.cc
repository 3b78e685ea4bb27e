#include "sys/container/capabilities.h"

#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cstdint>

namespace hitless::sys {
namespace {

constexpr unsigned kKept[] = {
    CAP_AUDIT_WRITE, CAP_CHOWN,   CAP_DAC_OVERRIDE,     CAP_FOWNER,    CAP_FSETID,
    CAP_KILL,        CAP_MKNOD,   CAP_NET_BIND_SERVICE, CAP_NET_RAW,   CAP_SETFCAP,
    CAP_SETGID,      CAP_SETPCAP, CAP_SETUID,           CAP_SYS_CHROOT};

constexpr std::uint64_t keptMask() {
  std::uint64_t mask = 0;
  for (const unsigned capability : kKept) {
    mask |= std::uint64_t{1} << capability;
  }
  return mask;
}

}  // namespace

void boundCapabilities() {
  constexpr std::uint64_t kMask = keptMask();
  for (unsigned capability = 0; capability < 64; ++capability) {
    if ((kMask >> capability & 1) == 0) {
      // EINVAL beyond the kernel's last capability.
      ::prctl(PR_CAPBSET_DROP, capability, 0, 0, 0);
    }
  }
  ::prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[2] = {};
  if (::syscall(SYS_capget, &header, data) != 0) {
    return;
  }
  for (unsigned i = 0; i < 2; ++i) {
    const auto part = static_cast<std::uint32_t>(kMask >> (32 * i));
    data[i].effective &= part;
    data[i].permitted &= part;
    data[i].inheritable = 0;
  }
  ::syscall(SYS_capset, &header, data);
}

}  // namespace hitless::sys
