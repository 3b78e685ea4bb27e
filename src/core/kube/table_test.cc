#include "core/kube/table.h"

#include <gtest/gtest.h>

#include "testing/golden.h"

namespace hitless::kube {
namespace {

json::object parse(std::string_view text) {
  return parseJson(text).value().as_object();
}

struct Recorded {
  const char* plural;
  const Resource& resource;
};

std::ostream& operator<<(std::ostream& out, const Recorded& recorded) {
  return out << recorded.plural;
}

class RecordedTable : public ::testing::TestWithParam<Recorded> {};

/// The instant at which the recorded table was rendered: the one at which all its ages fit.
std::optional<json::object> renderAt(const Recorded& recorded, const json::object& list,
                                     const json::object& table, WallTime now) {
  std::vector<ObjectPtr> objects;
  for (const json::value& item : list.at("items").as_array()) {
    objects.push_back(std::make_shared<json::object>(item.as_object()));
  }
  json::object ours = tableOf(recorded.resource, objects, 214, now, true, IncludeObject::kMetadata);
  const json::array& rows = ours["rows"].as_array();
  for (std::size_t i = 0; i < rows.size(); ++i) {
    json::array cells = rows[i].at("cells").as_array();
    if (std::string_view(recorded.plural) == "pods") {
      // The recorded version shows restarts as a number, newer ones as text.
      cells[3] = std::stoi(std::string(cells[3].as_string()));
    }
    if (cells != table.at("rows").at(i).at("cells").as_array()) {
      return std::nullopt;
    }
  }
  return ours;
}

TEST_P(RecordedTable, IsRenderedAlike) {
  const std::string plural = GetParam().plural;
  const auto list = testing::goldenObject("objects/list-" + plural + ".json");
  const auto table = testing::goldenObject("objects/table-" + plural + ".json");
  if (!list || !table) {
    GTEST_SKIP() << "no recorded data";
  }
  std::optional<json::object> ours;
  const WallTime base = *parseTime("2026-11-21T20:01:20Z");
  for (int tenths = 0; tenths < 200 && !ours; ++tenths) {
    ours = renderAt(GetParam(), *list, *table, base + milliseconds(100 * tenths));
  }
  ASSERT_TRUE(ours) << "at no instant do all cells agree";
  const json::array& columns = (*ours)["columnDefinitions"].as_array();
  ASSERT_EQ(columns.size(), table->at("columnDefinitions").as_array().size());
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const json::value& theirs = table->at("columnDefinitions").at(i);
    EXPECT_EQ(columns[i].at("name"), theirs.at("name"));
    EXPECT_EQ(columns[i].at("format"), theirs.at("format"));
    EXPECT_EQ(columns[i].at("priority"), theirs.at("priority"));
    if (theirs.at("name") != "Restarts") {
      EXPECT_EQ(columns[i].at("type"), theirs.at("type")) << theirs.at("name");
    }
  }
  for (std::size_t i = 0; i < table->at("rows").as_array().size(); ++i) {
    EXPECT_EQ((*ours)["rows"].at(i).at("object"), table->at("rows").at(i).at("object"));
  }
}

INSTANTIATE_TEST_SUITE_P(
    Golden, RecordedTable,
    ::testing::Values(Recorded{"pods", res::kPods}, Recorded{"services", res::kServices},
                      Recorded{"endpoints", res::kEndpoints},
                      Recorded{"endpointslices", res::kEndpointSlices},
                      Recorded{"nodes", res::kNodes}, Recorded{"events", res::kEvents},
                      Recorded{"deployments", res::kDeployments},
                      Recorded{"replicasets", res::kReplicaSets},
                      Recorded{"statefulsets", res::kStatefulSets},
                      Recorded{"controllerrevisions", res::kControllerRevisions}));

struct PodCase {
  const char* status;
  const char* ready;
  const char* restarts;
  const char* pod;
};

TEST(PodTable, SaysWhatKeepsAPodFromRunning) {
  const WallTime now = *parseTime("2026-11-21T20:00:00Z");
  for (const PodCase& item : {
           PodCase{"Pending", "0/1", "0",
                   R"({"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Pending"}})"},
           {"CrashLoopBackOff", "0/1", "3 (10s ago)",
            R"({"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Running",
              "containerStatuses":[{"restartCount":3,"state":{"waiting":{"reason":"CrashLoopBackOff"}},
              "lastState":{"terminated":{"finishedAt":"2026-11-21T19:59:50Z"}}}]}})"},
           {"ExitCode:7", "0/1", "0",
            R"({"spec":{"containers":[{"name":"c"}]},"status":{"phase":"Failed",
              "containerStatuses":[{"restartCount":0,"state":{"terminated":{"exitCode":7}}}]}})"},
           {"Terminating", "1/1", "0",
            R"({"metadata":{"deletionTimestamp":"2026-11-21T20:00:30Z"},
              "spec":{"containers":[{"name":"c"}]},"status":{"phase":"Running",
              "containerStatuses":[{"ready":true,"state":{"running":{}}}]}})"},
           {"Completed", "0/1", "0",
            R"({"metadata":{"deletionTimestamp":"2026-11-21T20:00:30Z"},
              "spec":{"containers":[{"name":"c"}]},"status":{"phase":"Succeeded",
              "containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}}]}})"},
           {"Init:1/2", "0/1", "0",
            R"({"spec":{"initContainers":[{"name":"a"},{"name":"b"}],"containers":[{"name":"c"}]},
              "status":{"phase":"Pending","initContainerStatuses":[
              {"name":"a","state":{"terminated":{"exitCode":0}}},{"name":"b","state":{"running":{}}}]}})"},
           {"Init:Error", "0/1", "0",
            R"({"spec":{"initContainers":[{"name":"a"}],"containers":[{"name":"c"}]},
              "status":{"phase":"Pending","initContainerStatuses":[
              {"name":"a","state":{"terminated":{"exitCode":1,"reason":"Error"}}}]}})"},
           {"Running", "2/2", "0",
            R"({"spec":{"initContainers":[{"name":"s","restartPolicy":"Always"}],
              "containers":[{"name":"c"}]},"status":{"phase":"Running",
              "initContainerStatuses":[{"name":"s","started":true,"ready":true,"state":{"running":{}}}],
              "containerStatuses":[{"ready":true,"state":{"running":{}}}]}})"},
           {"NotReady", "1/2", "0",
            R"({"spec":{"containers":[{"name":"a"},{"name":"b"}]},"status":{"phase":"Running",
              "containerStatuses":[{"state":{"terminated":{"reason":"Completed"}}},
              {"ready":true,"state":{"running":{}}}]}})"},
       }) {
    const auto table = tableOf(res::kPods, {std::make_shared<json::object>(parse(item.pod))}, 1,
                               now, false, IncludeObject::kNone);
    const json::value& cells = table.at("rows").at(0).at("cells");
    EXPECT_EQ(cells.at(2), item.status);
    EXPECT_EQ(cells.at(1), item.ready) << item.status;
    EXPECT_EQ(cells.at(3), item.restarts) << item.status;
    EXPECT_TRUE(table.at("columnDefinitions").as_array().empty());
  }
}

TEST(ServiceTable, ShowsNodePortsAndAliases) {
  const auto service = std::make_shared<json::object>(parse(
      R"({"metadata":{"name":"s"},"spec":{"type":"LoadBalancer","clusterIP":"10.0.0.1",
        "ports":[{"port":80,"nodePort":30080,"protocol":"TCP"},{"port":53,"protocol":"UDP"}]}})"));
  const auto alias = std::make_shared<json::object>(
      parse(R"({"metadata":{"name":"a"},"spec":{"type":"ExternalName","externalName":"x.org"}})"));
  const auto table =
      tableOf(res::kServices, {service, alias}, 1, WallTime{}, true, IncludeObject::kObject);
  EXPECT_EQ(table.at("rows").at(0).at("cells"),
            parseJson(R"(["s","LoadBalancer","10.0.0.1","<pending>","80:30080/TCP,53/UDP",
                        "<unknown>","<none>"])")
                .value());
  EXPECT_EQ(table.at("rows").at(1).at("cells").at(3), "x.org");
  EXPECT_EQ(table.at("rows").at(1).at("object").at("kind"), "Service");
}

}  // namespace
}  // namespace hitless::kube
