#include "sys/doctor/ip_sets.h"

#include <fmt/format.h>
#include <linux/netfilter/ipset/ip_set.h>
#include <linux/netlink.h>
#include <unistd.h>

#include "core/doctor/ip_sets.h"

namespace hitless::sys {
namespace {

/// The kernel's own error numbers of IP sets begin above all errno.
Status explained(Status status, std::string_view name) {
  if (status) {
    return status;
  }
  Error error = std::move(status).error();
  switch (error.osError) {
    case IPSET_ERR_BUSY:
    case IPSET_ERR_REFERENCED:
      error.kind = ErrorKind::kConflict;
      error.message = fmt::format("a rule or another set uses IP set {}", name);
      break;
    case ENOENT:
      error.kind = ErrorKind::kNotFound;
      break;
    case EEXIST:
    case IPSET_ERR_EXIST:
    case IPSET_ERR_EXIST_SETNAME2:
      error.kind = ErrorKind::kConflict;
      error.message = fmt::format("there is an IP set {} already", name);
      break;
    default:
      break;
  }
  return tl::unexpected(std::move(error));
}

}  // namespace

Result<IpSets> IpSets::open() {
  if (::access("/sys/module/ip_set", F_OK) != 0) {
    return fail(ErrorKind::kNotFound, "the kernel has no IP sets loaded");
  }
  return IpSets(TRY(NetlinkSocket::open(NETLINK_NETFILTER)));
}

Result<std::vector<netlink::ListedSet>> IpSets::headers() {
  std::vector<netlink::ListedSet> sets;
  TRY_VOID(socket_.dump(netlink::listSets("", false, socket_.nextSequence()), "list IP sets",
                        [&](const netlink::Message& answer) {
                          if (auto set = netlink::listedSet(answer)) {
                            sets.push_back(std::move(*set));
                          }
                          return Status{};
                        }));
  return sets;
}

Result<netlink::ListedSet> IpSets::read(std::string_view name) {
  netlink::ListedSet whole;
  TRY_VOID(
      explained(socket_.dump(netlink::listSets(name, true, socket_.nextSequence()),
                             fmt::format("read IP set {}", name),
                             [&](const netlink::Message& answer) {
                               auto part = netlink::listedSet(answer);
                               if (part && !part->type.empty()) {
                                 part->members.insert(part->members.begin(), whole.members.begin(),
                                                      whole.members.end());
                                 whole = std::move(*part);
                               } else if (part) {
                                 whole.members.insert(whole.members.end(), part->members.begin(),
                                                      part->members.end());
                               }
                               return Status{};
                             }),
                name));
  return whole;
}

Status IpSets::create(const netlink::ListedSet& set) {
  TRY_VOID(explained(socket_.request(netlink::createSet(set, socket_.nextSequence()),
                                     fmt::format("make IP set {}", set.name)),
                     set.name));
  for (std::size_t next = 0; next < set.members.size();) {
    TRY_VOID(socket_.request(netlink::addMembers(set, next, next, socket_.nextSequence()),
                             fmt::format("add members to IP set {}", set.name)));
  }
  return {};
}

Status IpSets::destroy(std::string_view name) {
  return explained(socket_.request(netlink::destroySet(name, socket_.nextSequence()),
                                   fmt::format("destroy IP set {}", name)),
                   name);
}

Result<std::string> ipSetsEvidence() {
  IpSets sets = TRY(IpSets::open());
  std::vector<doctor::IpSet> found;
  const auto headers = TRY(sets.headers());
  for (const netlink::ListedSet& set : headers) {
    found.push_back({set.name, set.type, set.revision, set.family, set.references, set.elements,
                     set.maxElements, set.memory});
  }
  return doctor::renderIpSets(found);
}

}  // namespace hitless::sys
