# SPDX-License-Identifier: Apache-2.0
# Included by the folders of Python tests.
# sluice_python_test(mqtt will_test WillTest …): one ctest case for each test class of a module, mqtt.will_test.WillTest.
function(sluice_python_test folder module)
  if(NOT TARGET sluice)
    return()
  endif()
  foreach(class ${ARGN})
    set(name integration.${folder}.${class})
    add_test(NAME ${name} COMMAND /usr/bin/python3 -B -m unittest ${folder}.${module}.${class}
             WORKING_DIRECTORY ${PROJECT_SOURCE_DIR}/tests/integration)
    set_tests_properties(${name} PROPERTIES LABELS integration TIMEOUT 120 ENVIRONMENT
      "SLUICE_BIN=$<TARGET_FILE:sluice>;SLUICE_TEST_CERTS=${CMAKE_BINARY_DIR}/test-certs")
  endforeach()
endfunction()
