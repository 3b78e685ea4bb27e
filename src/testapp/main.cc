#include <cstdio>
#include <cstdlib>

#include "testapp/options.h"
#include "testapp/server.h"

int main(int argc, char** argv) {
  using namespace hitless::testapp;
  const Parsed parsed = parseOptions({argv + 1, argv + argc}, [](const char* variable) {
    return static_cast<const char*>(std::getenv(variable));
  });
  if (parsed.help) {
    std::fputs(usage().c_str(), stdout);
    return 0;
  }
  if (!parsed.error.empty()) {
    std::fprintf(stderr, "hitless-testapp: %s\n", parsed.error.c_str());
    return 2;
  }
  return serve(parsed.options);
}
