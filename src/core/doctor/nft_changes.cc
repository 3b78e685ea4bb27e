#include "core/doctor/nft_changes.h"

#include <algorithm>

#include "core/kube/json.h"

namespace hitless::doctor {
namespace {

namespace json = boost::json;

json::object objectOf(const NftWriter& writer) {
  return {{"pid", writer.pid},
          {"process", writer.process},
          {"transactions", writer.transactions},
          {"rulesAdded", writer.rulesAdded},
          {"rulesDeleted", writer.rulesDeleted}};
}

json::object objectOf(const NftChainChange& change) {
  return {{"family", change.family},
          {"table", change.table},
          {"chain", change.chain},
          {"rulesAdded", change.rulesAdded},
          {"rulesDeleted", change.rulesDeleted},
          {"pid", change.pid},
          {"process", change.process}};
}

template <class Entry>
json::array arrayOf(const std::vector<Entry>& entries) {
  json::array out;
  for (const Entry& entry : entries) {
    out.push_back(objectOf(entry));
  }
  return out;
}

std::uint64_t count(const json::object& object, std::string_view key) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(kube::integer(object, {key}), 0));
}

std::uint32_t number(const json::object& object, std::string_view key) {
  return static_cast<std::uint32_t>(std::min<std::uint64_t>(count(object, key), UINT32_MAX));
}

NftWriter writerOf(const json::object& object) {
  return {number(object, "pid"), std::string(kube::text(object, {"process"})),
          count(object, "transactions"), count(object, "rulesAdded"),
          count(object, "rulesDeleted")};
}

NftChainChange changeOf(const json::object& object) {
  return {std::string(kube::text(object, {"family"})),
          std::string(kube::text(object, {"table"})),
          std::string(kube::text(object, {"chain"})),
          count(object, "rulesAdded"),
          count(object, "rulesDeleted"),
          std::string(kube::text(object, {"process"})),
          number(object, "pid")};
}

/// The objects of a list; what is none is passed over.
template <class Read>
auto listOf(const json::object& object, std::string_view key, Read read) {
  std::vector<decltype(read(object))> out;
  const json::array* list = kube::findArray(object, {key});
  if (list == nullptr) {
    return out;
  }
  for (const json::value& entry : *list) {
    if (entry.is_object()) {
      out.push_back(read(entry.get_object()));
    }
  }
  return out;
}

}  // namespace

std::string renderNftChanges(const NftChanges& changes) {
  return json::serialize(json::object{{"firstGeneration", changes.firstGeneration},
                                      {"lastGeneration", changes.lastGeneration},
                                      {"lost", changes.lost},
                                      {"writers", arrayOf(changes.writers)},
                                      {"chains", arrayOf(changes.chains)}});
}

Result<NftChanges> parseNftChanges(std::string_view text) {
  const json::value document = TRY(kube::parseJson(text));
  if (!document.is_object()) {
    return invalid("the changes of nf_tables are no JSON object");
  }
  const json::object& object = document.get_object();
  NftChanges changes;
  changes.firstGeneration = number(object, "firstGeneration");
  changes.lastGeneration = number(object, "lastGeneration");
  changes.lost = kube::boolean(object, {"lost"});
  changes.writers = listOf(object, "writers", writerOf);
  changes.chains = listOf(object, "chains", changeOf);
  return changes;
}

}  // namespace hitless::doctor
