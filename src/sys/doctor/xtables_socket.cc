#include "sys/doctor/xtables_socket.h"

#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <unistd.h>
// After netinet/in.h, whose structures they use.
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netfilter_ipv4/ip_tables.h>
#include <linux/netfilter_ipv6/ip6_tables.h>

#include <algorithm>
#include <cstddef>
#include <cstring>

#include "base/text.h"
#include "sys/files/files.h"

namespace hitless::sys {
namespace {

using xtables::Assembled;
using xtables::TableInfo;

constexpr std::size_t kEntriesHead = offsetof(ipt_get_entries, entrytable);
static_assert(kEntriesHead == offsetof(ip6t_get_entries, entrytable));
static_assert(kReplaceHead == sizeof(ipt_replace) && kReplaceHead == sizeof(ip6t_replace));
static_assert(static_cast<int>(IPT_SO_GET_INFO) == IP6T_SO_GET_INFO &&
              static_cast<int>(IPT_SO_SET_REPLACE) == IP6T_SO_SET_REPLACE);

void setName(char (&to)[XT_TABLE_MAXNAMELEN], const std::string& name) {
  std::memset(to, 0, sizeof to);
  std::memcpy(to, name.data(), std::min(name.size(), sizeof to - 1));
}

Error tableError(std::string_view what, const std::string& table, int err) {
  Error error = osError(what, err);
  if (err == EAGAIN) {
    error.kind = ErrorKind::kConflict;
  }
  return std::move(error).about("legacy table " + table);
}

}  // namespace

void TableBytes::Unmap::operator()(std::uint8_t* memory) const {
  ::munmap(memory, size);
}

Result<TableBytes> TableBytes::allocate(std::size_t size) {
  void* memory = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (memory == MAP_FAILED) {
    return osFail(fmt::format("cannot allocate {} bytes for a table", size));
  }
  ::madvise(memory, size, MADV_HUGEPAGE);
  return TableBytes(static_cast<std::uint8_t*>(memory), size);
}

xtables::ByteView TableBytes::entries() const {
  return {memory_.get() + kEntriesHead, memory_.get_deleter().size - kEntriesHead};
}

XtablesSocket::Close::~Close() {
  ::close(fd);
}

Result<XtablesSocket> XtablesSocket::open(IpFamily family) {
  const int fd =
      ::socket(family == IpFamily::kV4 ? AF_INET : AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
  if (fd < 0) {
    return osFail("cannot open a raw socket to ask for legacy tables");
  }
  return XtablesSocket(family, fd);
}

int XtablesSocket::level() const {
  return family_ == IpFamily::kV4 ? IPPROTO_IP : IPPROTO_IPV6;
}

int XtablesSocket::get(int option, void* value, std::size_t size) const {
  auto length = static_cast<socklen_t>(size);
  return ::getsockopt(fd_->fd, level(), option, value, &length) == 0 ? 0 : errno;
}

int XtablesSocket::set(int option, const void* value, std::size_t size) const {
  return ::setsockopt(fd_->fd, level(), option, value, static_cast<socklen_t>(size)) == 0 ? 0
                                                                                          : errno;
}

Result<TableInfo> XtablesSocket::info(const std::string& table) const {
  ipt_getinfo answer{};
  setName(answer.name, table);
  if (const int err = get(IPT_SO_GET_INFO, &answer, sizeof answer)) {
    return tl::unexpected(tableError("cannot be asked for its size", table, err));
  }
  TableInfo info;
  info.name = table;
  info.family = family_;
  info.validHooks = answer.valid_hooks;
  std::copy_n(answer.hook_entry, xtables::kHooks, info.hookEntry.begin());
  std::copy_n(answer.underflow, xtables::kHooks, info.underflow.begin());
  info.entries = answer.num_entries;
  info.bytes = answer.size;
  return info;
}

Result<TableBytes> XtablesSocket::entries(const TableInfo& info) const {
  const std::size_t size = kEntriesHead + info.bytes;
  TableBytes bytes = TRY(TableBytes::allocate(size));
  ipt_get_entries request{};
  setName(request.name, info.name);
  request.size = info.bytes;
  std::memcpy(bytes.data(), &request, kEntriesHead);
  if (const int err = get(IPT_SO_GET_ENTRIES, bytes.data(), size)) {
    return tl::unexpected(tableError("cannot be read", info.name, err));
  }
  return bytes;
}

Result<std::vector<xt_counters>> XtablesSocket::replace(Assembled& table,
                                                        std::uint32_t oldEntries) const {
  std::vector<xt_counters> counters(oldEntries);
  ipt_replace head{};
  setName(head.name, table.info.name);
  head.valid_hooks = table.info.validHooks;
  head.num_entries = table.info.entries;
  head.size = table.info.bytes;
  std::copy(table.info.hookEntry.begin(), table.info.hookEntry.end(), head.hook_entry);
  std::copy(table.info.underflow.begin(), table.info.underflow.end(), head.underflow);
  head.num_counters = oldEntries;
  head.counters = counters.data();
  std::memcpy(table.message.data(), &head, sizeof head);
  if (const int err = set(IPT_SO_SET_REPLACE, table.message.data(), table.message.size())) {
    return tl::unexpected(tableError("cannot be replaced", table.info.name, err));
  }
  return counters;
}

Status XtablesSocket::addCounters(const std::string& table,
                                  const std::vector<xt_counters>& counters) const {
  xt_counters_info head{};
  setName(head.name, table);
  head.num_counters = static_cast<unsigned>(counters.size());
  std::vector<std::uint8_t> message(sizeof head + counters.size() * sizeof(xt_counters));
  std::memcpy(message.data(), &head, sizeof head);
  std::memcpy(message.data() + sizeof head, counters.data(), counters.size() * sizeof(xt_counters));
  if (const int err = set(IPT_SO_SET_ADD_COUNTERS, message.data(), message.size())) {
    return tl::unexpected(tableError("does not take its counters", table, err));
  }
  return {};
}

iptables::SetNames XtablesSocket::setNames(const xtables::Table& table) const {
  iptables::SetNames names;
  const auto ask = [&](std::uint16_t index) {
    ip_set_req_version version{IP_SET_OP_VERSION, 0};
    if (names.contains(index) || get(SO_IP_SET, &version, sizeof version) != 0) {
      return;
    }
    ip_set_req_get_set request{};
    request.op = IP_SET_OP_GET_BYINDEX;
    request.version = version.version;
    request.set.index = index;
    if (get(SO_IP_SET, &request, sizeof request) == 0) {
      names[index] = std::string(request.set.name, ::strnlen(request.set.name, IPSET_MAXNAMELEN));
    }
  };
  std::vector<std::uint16_t> numbers;
  for (const xtables::Chain& chain : table.chains) {
    for (const xtables::Rule& rule : chain.rules) {
      numbers.clear();
      table.entry(rule).addSetNumbers(numbers);
      std::for_each(numbers.begin(), numbers.end(), ask);
    }
  }
  return names;
}

std::vector<std::string> existingTables(IpFamily family) {
  const auto text = readFile(family == IpFamily::kV4 ? "/proc/thread-self/net/ip_tables_names"
                                                     : "/proc/thread-self/net/ip6_tables_names");
  std::vector<std::string> tables;
  if (!text) {
    return tables;
  }
  for (const std::string_view line : split(trim(*text), '\n')) {
    if (!line.empty()) {
      tables.emplace_back(line);
    }
  }
  return tables;
}

}  // namespace hitless::sys
