#include "core/node/image.h"

#include <fmt/format.h>

namespace hitless::node {
namespace {

constexpr std::string_view kAdvice =
    "no images are pulled here: name a program of this machine as the image, an absolute path of a "
    "directory with a root file system, or give the container a command";

void append(std::vector<std::string>& argv, const std::vector<std::string>& words,
            const Environment& environment) {
  for (const std::string& word : words) {
    argv.push_back(expandVariables(word, environment));
  }
}

}  // namespace

std::string_view programName(std::string_view image) {
  if (const std::size_t digest = image.find('@'); digest != std::string_view::npos) {
    image = image.substr(0, digest);
  }
  if (const std::size_t slash = image.rfind('/'); slash != std::string_view::npos) {
    image = image.substr(slash + 1);
  }
  return image.substr(0, image.find(':'));
}

Result<Launch> resolveImage(const ContainerSpec& container, const Environment& environment,
                            const ImageLookup& lookup) {
  Launch out;
  if (container.image.starts_with('/')) {
    if (!lookup.isDirectory(container.image)) {
      return fail(ErrorKind::kNotFound,
                  fmt::format("image \"{}\" is not a directory of this machine", container.image),
                  std::string(kAdvice));
    }
    if (container.command.empty() && container.args.empty()) {
      return fail(ErrorKind::kNotFound,
                  fmt::format("image \"{}\" is a directory and says no program", container.image),
                  "give the container a command");
    }
    out.root = container.image;
  }
  if (!container.command.empty() || !out.root.empty()) {
    append(out.argv, container.command, environment);
    append(out.argv, container.args, environment);
    return out;
  }
  const std::string_view name = programName(container.image);
  const auto program = name.empty() ? std::nullopt : lookup.findProgram(name);
  if (!program) {
    return fail(
        ErrorKind::kNotFound,
        fmt::format("image \"{}\" names no program \"{}\" of this machine", container.image, name),
        std::string(kAdvice));
  }
  out.program = *program;
  out.argv.push_back(*program);
  append(out.argv, container.args, environment);
  return out;
}

}  // namespace hitless::node
