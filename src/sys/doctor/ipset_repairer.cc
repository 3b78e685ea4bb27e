#include "sys/doctor/ipset_repairer.h"

#include <fmt/format.h>

#include <boost/json/array.hpp>
#include <charconv>

#include "core/doctor/json_fields.h"
#include "core/doctor/proc_tables.h"
#include "sys/doctor/ip_sets.h"

namespace hitless::sys {
namespace {

using doctor::Action;
using netlink::Bytes;
using netlink::ListedSet;

/// The kernel's own attributes are far smaller: an undo file that says otherwise is none of ours.
constexpr std::size_t kMaxAttributes = 4096;

std::string hexOf(const Bytes& bytes) {
  std::string text;
  for (const std::uint8_t byte : bytes) {
    text += fmt::format("{:02x}", byte);
  }
  return text;
}

Result<Bytes> bytesOf(std::string_view hex) {
  Bytes bytes;
  if (hex.size() > 2 * kMaxAttributes) {
    return invalid("the attributes of an IP set are too long");
  }
  for (std::size_t at = 0; at + 1 < hex.size(); at += 2) {
    std::uint8_t byte = 0;
    const auto [end, error] = std::from_chars(hex.data() + at, hex.data() + at + 2, byte, 16);
    if (error != std::errc() || end != hex.data() + at + 2) {
      return invalid("the attributes of an IP set are no hexadecimal digits");
    }
    bytes.push_back(byte);
  }
  return bytes;
}

boost::json::object toJson(const ListedSet& set) {
  boost::json::array members;
  for (const Bytes& member : set.members) {
    members.emplace_back(hexOf(member));
  }
  return {{"name", set.name},     {"type", set.type},        {"revision", set.revision},
          {"family", set.family}, {"made", hexOf(set.made)}, {"members", std::move(members)}};
}

Result<ListedSet> setFrom(const boost::json::object& from) {
  ListedSet set;
  set.name = doctor::fields::text(from, "name");
  set.type = doctor::fields::text(from, "type");
  set.revision = doctor::fields::small<std::uint8_t>(from, "revision");
  set.family = doctor::fields::small<std::uint8_t>(from, "family");
  set.made = TRY(bytesOf(doctor::fields::text(from, "made")));
  for (const auto& member : doctor::fields::list(from, "members")) {
    if (!member.is_string()) {
      return invalid("a member of an IP set is no text");
    }
    set.members.push_back(TRY(bytesOf(std::string_view(member.get_string()))));
  }
  return set;
}

std::vector<std::string> namesOf(std::span<const Action> actions) {
  std::vector<std::string> names;
  for (const Action& action : actions) {
    if (const auto* destroy = std::get_if<doctor::DestroyIpSets>(&action)) {
      names.insert(names.end(), destroy->sets.begin(), destroy->sets.end());
    }
  }
  return names;
}

/// Those that are there, whole. kConflict if one is in use.
Result<std::vector<ListedSet>> readUnused(IpSets& sets, const std::vector<std::string>& names) {
  std::vector<ListedSet> found;
  for (const std::string& name : names) {
    auto set = sets.read(name);
    if (!set && set.error().kind == ErrorKind::kNotFound) {
      continue;
    }
    found.push_back(TRY(std::move(set)));
    if (found.back().references > 0) {
      return fail(ErrorKind::kConflict,
                  fmt::format("IP set {} is used {} times by now", name, found.back().references));
    }
  }
  return found;
}

}  // namespace

bool IpSetRepairer::canDo(const Action& action) const {
  return std::holds_alternative<doctor::DestroyIpSets>(action);
}

Result<std::vector<std::string>> IpSetRepairer::plan(const Action& action) {
  IpSets sets = TRY(IpSets::open());
  const auto found = TRY(readUnused(sets, namesOf({&action, 1})));
  std::vector<std::string> lines;
  for (const ListedSet& set : found) {
    lines.push_back(fmt::format("IP set {} ({}) with {} members goes", set.name, set.type,
                                grouped(set.members.size())));
  }
  return lines;
}

Status IpSetRepairer::apply(std::span<const Action> actions, doctor::UndoLog& log) {
  IpSets sets = TRY(IpSets::open());
  const auto found = TRY(readUnused(sets, namesOf(actions)));
  if (found.empty()) {
    return fail(ErrorKind::kNotFound, "the IP sets are gone already");
  }
  for (const ListedSet& set : found) {
    TRY_VOID(log.record({name(), toJson(set)}));
  }
  for (std::size_t at = 0; at < found.size(); ++at) {
    Status done = sets.destroy(found[at].name);
    if (!done && done.error().kind != ErrorKind::kNotFound) {
      while (at-- > 0) {
        (void)sets.create(found[at]);  // All or none.
      }
      return done;
    }
  }
  return {};
}

Status IpSetRepairer::verify(std::span<const Action> actions) {
  IpSets sets = TRY(IpSets::open());
  const auto names = namesOf(actions);
  for (const std::string& name : names) {
    const auto set = sets.read(name);
    if (set) {
      return fail(ErrorKind::kConflict, fmt::format("IP set {} is there", name),
                  "its owner has made it again: it is at work");
    }
    if (set.error().kind != ErrorKind::kNotFound) {
      return tl::unexpected(set.error());
    }
  }
  return {};
}

Status IpSetRepairer::undo(const doctor::UndoEntry& entry) {
  IpSets sets = TRY(IpSets::open());
  return sets.create(TRY(setFrom(entry.before)));
}

}  // namespace hitless::sys
