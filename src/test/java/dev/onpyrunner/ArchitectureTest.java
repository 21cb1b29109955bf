package dev.onpyrunner;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.library.Architectures;
import org.junit.jupiter.api.Test;

/** Who may know whom. {@code docs/architecture.md} says why. */
class ArchitectureTest {
    private static final String ROOT = "dev.onpyrunner";
    private static final JavaClasses PROGRAM = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages(ROOT);

    @Test
    void features_meet_only_over_the_job() {
        Architectures.layeredArchitecture()
                .consideringOnlyDependenciesInAnyPackage(ROOT + "..")
                .layer("root")
                .definedBy(ROOT)
                .layer("http")
                .definedBy(ROOT + ".http..")
                .layer("console")
                .definedBy(ROOT + ".console..")
                .layer("mcp")
                .definedBy(ROOT + ".mcp..")
                .layer("doors")
                .definedBy(ROOT + ".doors..")
                .layer("cluster")
                .definedBy(ROOT + ".cluster..")
                .layer("webhook")
                .definedBy(ROOT + ".webhook..")
                .layer("runner")
                .definedBy(ROOT + ".runner..")
                .layer("dependencies")
                .definedBy(ROOT + ".dependencies..")
                .layer("files")
                .definedBy(ROOT + ".files..")
                .layer("job")
                .definedBy(ROOT + ".job..")
                .layer("redis")
                .definedBy(ROOT + ".redis..")
                .whereLayer("root")
                .mayNotBeAccessedByAnyLayer()
                .whereLayer("http")
                .mayOnlyBeAccessedByLayers("root", "mcp", "doors")
                .whereLayer("mcp")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("doors")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("console")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("cluster")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("webhook")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("runner")
                .mayOnlyBeAccessedByLayers("root")
                .whereLayer("dependencies")
                .mayOnlyBeAccessedByLayers("root", "runner")
                .whereLayer("files")
                .mayOnlyBeAccessedByLayers("root", "runner", "dependencies")
                .whereLayer("job")
                .mayOnlyBeAccessedByLayers("root", "http", "mcp", "doors", "console", "runner", "webhook")
                .check(PROGRAM);
    }

    @Test
    void packages_have_no_cycles() {
        slices().matching(ROOT + ".(*)..").should().beFreeOfCycles().check(PROGRAM);
    }

    @Test
    void only_the_runner_and_what_sets_it_up_start_processes() {
        noClasses()
                .that()
                .resideOutsideOfPackages(ROOT + ".runner..", ROOT + ".dependencies..")
                .and()
                .doNotHaveFullyQualifiedName(ROOT + ".redis.EmbeddedRedis")
                .and()
                .doNotHaveFullyQualifiedName(ROOT + ".Runtimes")
                .should()
                .dependOnClassesThat()
                .areAssignableTo(ProcessBuilder.class)
                .check(PROGRAM);
    }

    @Test
    void only_the_store_knows_the_scripts() {
        classes()
                .that()
                .haveFullyQualifiedName(ROOT + ".redis.Script")
                .should()
                .onlyBeAccessed()
                .byClassesThat()
                .haveNameMatching(".*\\.(JobStore|Nodes|ApiKeys|Script)")
                .check(PROGRAM);
    }

    @Test
    void nothing_sleeps_on_the_event_loop() {
        noClasses()
                .that()
                .resideOutsideOfPackage(ROOT)
                .should()
                .callMethod(Thread.class, "sleep", long.class)
                .check(PROGRAM);
    }
}
