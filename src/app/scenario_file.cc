#include "app/scenario_file.h"

#include <filesystem>

#include "app/cluster/run_dir.h"
#include "core/kube/yaml.h"

namespace hitless::app {

Result<scenario::Scenario> readScenario(const std::string& folder) {
  const std::string file = folder + "/scenario.yaml";
  const std::string text = TRY(readFile(file));
  const auto documents = TRY(kube::parseYaml(text, file));
  if (documents.size() != 1) {
    return tl::unexpected<Error>(
        Error{ErrorKind::kInvalid, "must hold exactly one document", file, {}, 0});
  }
  scenario::Scenario scenario = TRY(scenario::scenarioOf(documents.front().value, file));
  if (scenario.name.empty()) {
    scenario.name = std::filesystem::path(folder).lexically_normal().filename().string();
  }
  return scenario;
}

}  // namespace hitless::app
